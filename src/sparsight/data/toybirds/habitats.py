from sparsight.data.toybirds.picture import Picture
from sparsight.data.toybirds.shapes import BOX,BAR, after, moved, spanned
def draw_habitat(picture, scene):
    picture.add(BOX, color=(190,220,235), bottom=(250,240,215))
    picture.add(BAR, spanned(-.1, scene.place[1]+.025, 1.1, scene.place[1]+.025, .05), (130,100,80))
