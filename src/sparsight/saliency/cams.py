"""Grad-CAM's variants, raw: signed, at the layer's own resolution, never rescaled, before the ReLU of their papers.

With A the activations (b, l, h, w) of the layer and G the gradient of a class logit with respect to them:

- HiResCAM: the sum over channels of G * A. Where the logits are one linear layer of the average-pooled map, G is the
  same at all positions, and this *is* Grad-CAM (of the mean).
- LayerCAM: the sum over channels of relu(G) * A.
- Grad-CAM++: channel weights are the sum over positions of alpha * relu(G), alpha = G^2 / (2 G^2 + sum(A) G^3), which
  is relu(G) / (2 + sum(A) G), with sum(A) over the positions of the channel. Its paper takes the class's score to be
  the exponential of the logit, which multiplies each map by one positive number; that is left out. Alpha is meant for
  what a ReLU gives: where activations are negative the denominator may be, too, and the formula is taken as printed; a
  position where it is zero weighs nothing.

``saliency.reduction`` has no part in them. There is no closed form: each takes a backward pass a target.

References:
    R. L. Draelos, L. Carin. Use HiResCAM instead of Grad-CAM for faithful explanations of convolutional neural
    networks. arXiv:2011.08891, 2020.
    P.-T. Jiang, C.-B. Zhang, Q. Hou, M.-M. Cheng, Y. Wei. LayerCAM: Exploring Hierarchical Class Activation Maps for
    Localization. IEEE Transactions on Image Processing 30, 2021.
    A. Chattopadhyay, A. Sarkar, P. Howlader, V. N. Balasubramanian. Grad-CAM++: Generalized Gradient-based Visual
    Explanations for Deep Convolutional Networks. WACV 2018 (arXiv:1710.11063, eq. 19).
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from sparsight.models import Split
from sparsight.saliency.gradcam import class_maps
from sparsight.saliency.passes import Gradients, SaliencyMaps, Targets, by_autograd
from sparsight.saliency.settings import SaliencySettings


def cam_maps(
    model: nn.Module, split: Split, images: Float[Tensor, "b c H W"], targets: Targets, settings: SaliencySettings
) -> SaliencyMaps:
    """Maps of ``targets`` by ``gradcam++``, ``hirescam`` or ``layercam``; ``by_autograd`` says the rest.

    Args:
        model: the classifier, on the device of ``images``; left as it was found.
        split: where its last feature map and its head are.
        images: normalised as the network expects.
        targets: classes to explain, or a function that picks them from the logits.
        settings: method and layer.

    Raises:
        InputError: if the layer is unknown, gives no (b, l, h, w), does not run once, or does not reach the logits.
        ValueError: if the targets are not (b, t) integers below the number of classes.
    """
    formula = {"gradcam++": grad_cam_plus_plus, "hirescam": hires_cam, "layercam": layer_cam}[settings.method]

    def each(features: Float[Tensor, "b l h w"], found: Gradients) -> Float[Tensor, "b t h w"]:
        return torch.stack([formula(features, gradient) for gradient in found], dim=1)

    return by_autograd(model, split, images, targets, settings.layer, each)


def hires_cam(features: Float[Tensor, "b l h w"], gradient: Float[Tensor, "b l h w"]) -> Float[Tensor, "b h w"]:
    """Activation times gradient, summed over channels."""
    return (features * gradient).sum(dim=1)


def layer_cam(features: Float[Tensor, "b l h w"], gradient: Float[Tensor, "b l h w"]) -> Float[Tensor, "b h w"]:
    """Activation times the gradient's positive part, summed over channels."""
    return (features * gradient.clamp(min=0)).sum(dim=1)


def grad_cam_plus_plus(
    features: Float[Tensor, "b l h w"], gradient: Float[Tensor, "b l h w"]
) -> Float[Tensor, "b h w"]:
    """Activations summed over channels with the weights of Grad-CAM++, without the score's exponential."""
    below = 2 + features.sum(dim=(2, 3), keepdim=True) * gradient
    shares = torch.where(below == 0, 0, gradient.clamp(min=0) / below)
    return class_maps(features, shares.sum(dim=(2, 3))[:, None])[:, 0]
