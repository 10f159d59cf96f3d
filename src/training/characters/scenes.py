"""Turns glyph masks into colour images as on signs: placed, coloured, lit, blurred and compressed at random.

Axes: B images, S = 48 pixels a side. Colours are in 0 to 1. A hardness of 0 gives a centred white glyph on black, 1 gives
the full variety; what lies between scales every distortion.
"""

import math

import torch
from torch.nn import functional

SIZE = 48
CHUNK = 64  # images worked on together: their tensors stay in the processor's cache
LUMA = torch.tensor([0.299, 0.587, 0.114])
MIN_CONTRAST = 0.3  # between the glyph's luma and any luma behind it
JPEG_LUMA = torch.tensor([
    [16, 11, 10, 16, 24, 40, 51, 61], [12, 12, 14, 19, 26, 58, 60, 55], [14, 13, 16, 24, 40, 57, 69, 56],
    [14, 17, 22, 29, 51, 87, 80, 62], [18, 22, 37, 56, 68, 109, 103, 77], [24, 35, 55, 64, 81, 104, 113, 92],
    [49, 64, 78, 87, 103, 121, 120, 101], [72, 92, 95, 98, 112, 100, 103, 99]], dtype=torch.float32)
JPEG_CHROMA = torch.tensor([
    [17, 18, 24, 47], [18, 21, 26, 66], [24, 26, 56, 99], [47, 66, 99, 99]], dtype=torch.float32)
JPEG_CHROMA = functional.pad(JPEG_CHROMA, (0, 4, 0, 4), value=99.0)
TO_YCC = torch.tensor([[0.299, 0.587, 0.114], [-0.168736, -0.331264, 0.5], [0.5, -0.418688, -0.081312]])
COSINE = torch.tensor([[math.cos((2 * x + 1) * u * math.pi / 16) * (math.sqrt(0.125) if u == 0 else 0.5)
                        for x in range(8)] for u in range(8)])  # (u, x)
COSINES = torch.kron(COSINE, COSINE)  # (64, 64): the transform of a flattened block of 8 x 8


class Draw:
    """Random values of one chunk of images."""

    def __init__(self, images, generator):
        self.images, self.generator = images, generator

    def uniform(self, low, high, *extents):
        """(B, *extents) between low and high."""
        return low + (high - low) * torch.rand(self.images, *extents, generator=self.generator)

    def chosen(self, chances):
        """Indices of the images picked by their (B,) chances."""
        return (torch.rand(self.images, generator=self.generator) < chances).nonzero().squeeze(1)


def placed(masks, hardness, draw):
    """(B, 64, 64) bytes to (B, 1, S, S) coverage in 0 to 1, moved, scaled, turned and sheared."""
    h = hardness
    zoom = torch.exp(h * draw.uniform(math.log(0.6), math.log(1.1)))
    aspect = torch.exp(h * draw.uniform(-0.2, 0.2))
    turn = h * draw.uniform(-0.26, 0.26)
    shear = h * draw.uniform(-0.2, 0.2)
    cos, sin = turn.cos(), turn.sin()
    room = (1.0 - 0.84 * zoom).clamp(min=0.03)
    dx, dy = h * room * draw.uniform(-1, 1), h * room * draw.uniform(-1, 1)
    # output to input: undo the move, then the turn, the shear and the scale
    a, b = cos / (zoom * aspect), sin / (zoom * aspect)
    c, d = (-sin + shear * cos) * aspect / zoom, (cos + shear * sin) * aspect / zoom
    theta = torch.stack([a, b, -a * dx - b * dy, c, d, -c * dx - d * dy], 1).view(-1, 2, 3)
    grid = functional.affine_grid(theta, (len(masks), 1, SIZE, SIZE), align_corners=False)
    return functional.grid_sample(masks.unsqueeze(1).float() / 255, grid, align_corners=False)


def coloured(luma, saturation, draw):
    """(B,) luma to (B, 3) of a random hue, kept within 0 to 1."""
    hue = draw.uniform(0, 1, 3)
    chroma = hue - (hue @ LUMA).unsqueeze(1)
    return (luma.unsqueeze(1) + saturation.unsqueeze(1) * chroma).clamp(0, 1)


def ramp(draw, n):
    """(n, S, S) linear ramps from 0 to 1 in random directions."""
    line = torch.linspace(-0.5, 0.5, SIZE)
    angle = 2 * math.pi * torch.rand(n, 1, 1, generator=draw.generator)
    return angle.cos() * 0.7 * line.view(1, 1, -1) + angle.sin() * 0.7 * line.view(1, -1, 1) + 0.5


def clouds(draw, n):
    """(n, S, S) smooth noise of a random grain."""
    cells = (3, 5, 9, 16)[int(torch.randint(4, (1,), generator=draw.generator))]
    coarse = torch.rand(n, 1, cells, cells, generator=draw.generator)
    return functional.interpolate(coarse, size=(SIZE, SIZE), mode="bilinear", align_corners=True).squeeze(1)


def stripes(draw, n):
    """(n, S, S) waves or sharp bands of a random direction and width."""
    waves = torch.rand(n, 1, 1, generator=draw.generator) * 7 + 1
    phase = 2 * math.pi * torch.rand(n, 1, 1, generator=draw.generator)
    sharp = torch.rand(n, 1, 1, generator=draw.generator) * 6 + 1
    return (0.5 + 0.5 * sharp * (2 * math.pi * waves * ramp(draw, n) + phase).sin()).clamp(0, 1)


def blobs(draw, n):
    """(n, S, S) patches with sharp borders."""
    return ((clouds(draw, n) - 0.5) * 12 + 0.5).clamp(0, 1)


def backdrop(hardness, first, second, photographs, draw):
    """(B, 3, S, S) between two colours (B, 3): plain, ramp, clouds, stripes, blobs or a photograph's lights and shades."""
    B = draw.images
    field = torch.zeros(B, SIZE, SIZE)
    kind = torch.where(draw.uniform(0, 1) < hardness, torch.randint(0, 7, (B,), generator=draw.generator), 0)
    for number, texture in enumerate((ramp, clouds, stripes, blobs), 1):
        of_kind = (kind == number).nonzero().squeeze(1)
        if len(of_kind):
            field[of_kind] = texture(draw, len(of_kind))
    pictured = (kind > 4).nonzero().squeeze(1)
    tint = None
    if len(photographs) and len(pictured):
        picture = photographs[torch.randint(len(photographs), (len(pictured),), generator=draw.generator)].float() / 255
        light = torch.einsum("nchw,c->nhw", picture, LUMA)
        low, high = light.amin((1, 2), keepdim=True), light.amax((1, 2), keepdim=True)
        field[pictured] = (light - low) / (high - low + 0.05)
        tint = picture - light.unsqueeze(1)
    image = torch.addcmul(first.view(B, 3, 1, 1), (second - first).view(B, 3, 1, 1), field.unsqueeze(1))
    if tint is not None:
        image[pictured] = (image[pictured] + 0.7 * tint).clamp(0, 1)
    return image


def over(image, colour, coverage):
    """Paints a colour (B, 3) or (B, 3, S, S) where the coverage (B, 1, S, S) is."""
    colour = colour.view(len(colour), 3, 1, 1) if colour.dim() == 2 else colour
    return torch.lerp(image, colour.expand_as(image), coverage.expand_as(image))


def shifted(coverage, pixels):
    """Moves each (B, 1, S, S) coverage by its own whole pixels (B, 2), empty where nothing was."""
    span = torch.arange(SIZE)
    rows, columns = span - pixels[:, :1] + 4, span - pixels[:, 1:] + 4
    padded = functional.pad(coverage.squeeze(1), (4, 4, 4, 4))
    return padded[torch.arange(len(coverage)).view(-1, 1, 1), rows.unsqueeze(2), columns.unsqueeze(1)].unsqueeze(1)


def painted(coverage, hardness, photographs, draw):
    """(B, 1, S, S) coverage to (B, 3, S, S): the glyph with outline and shadow before its background."""
    B, h = draw.images, hardness
    contrast = 1 - h * draw.uniform(0, 1 - MIN_CONTRAST)
    dark = draw.uniform(0, 1) * (1 - contrast)  # luma of the glyph; the background is lighter by the contrast at least
    saturation = h * draw.uniform(0, 1.2)
    glyph = coloured(dark, saturation, draw)
    lightest = dark + contrast
    first = coloured(lightest, h * draw.uniform(0, 0.8), draw)
    second = coloured(lightest + (1 - lightest) * draw.uniform(0, 1), h * draw.uniform(0, 0.8), draw)
    image = backdrop(h, first, second, photographs, draw)
    shadow = draw.chosen(0.3 * h)
    if len(shadow):
        shift = torch.randint(-3, 4, (len(shadow), 2), generator=draw.generator)
        cast = functional.avg_pool2d(shifted(coverage[shadow], shift), 3, 1, 1)
        depth = draw.uniform(0.2, 0.9)[shadow].view(-1, 1, 1, 1)
        tone = coloured(draw.uniform(0, 1), saturation, draw)[shadow]
        # a shadow keeps half the contrast to the glyph, or the glyph would drown in it
        tone = torch.maximum(tone, (dark + 0.5 * contrast)[shadow].unsqueeze(1))
        image[shadow] = over(image[shadow], tone, cast * depth)
    outline = draw.chosen(0.3 * h)
    if len(outline):
        wide = functional.max_pool2d(coverage[outline], 3, 1, 1)
        tone = coloured((lightest + (1 - lightest) * draw.uniform(0, 1)), saturation, draw)[outline]
        image[outline] = over(image[outline], tone, wide)
    fill = glyph.view(B, 3, 1, 1).expand(B, 3, SIZE, SIZE)
    shaded = draw.chosen(0.25 * h)
    if len(shaded):
        other = coloured(dark * draw.uniform(0, 1), saturation, draw)[shaded]
        fill = fill.clone()
        fill[shaded] = over(fill[shaded], other, ramp(draw, len(shaded)).clamp(0, 1).unsqueeze(1))
    image = over(image, fill, coverage)
    light_on_dark = draw.uniform(0, 1) >= 0.5 * h  # easy images always are
    return torch.where(light_on_dark.view(B, 1, 1, 1), 1 - image, image)


def blurred(images, sigma):
    """Gaussian blur of (n, 3, S, S)."""
    taps = [math.exp(-0.5 * (x / sigma) ** 2) for x in range(-2, 3)]
    padded = functional.pad(images, (2, 2, 2, 2), mode="replicate")
    rows = sum(tap / sum(taps) * padded[:, :, x:x + SIZE] for x, tap in enumerate(taps))
    return sum(tap / sum(taps) * rows[:, :, :, x:x + SIZE] for x, tap in enumerate(taps))


def compressed(images, quality):
    """What JPEG of a quality (n,) in 10 to 95 leaves of (n, 3, S, S), without chroma subsampling."""
    n, side = len(images), SIZE // 8
    ycc = torch.einsum("kc,nchw->nkhw", TO_YCC, images) * 255
    ycc[:, 0] -= 128
    blocks = ycc.view(n, 3, side, 8, side, 8).permute(0, 1, 2, 4, 3, 5).reshape(-1, 64)
    scale = torch.where(quality < 50, 50 / quality, 2 - quality / 50)
    tables = torch.stack([JPEG_LUMA, JPEG_CHROMA, JPEG_CHROMA]).view(3, 1, 64)
    steps = (scale.view(-1, 1, 1, 1) * tables).clamp(min=1).expand(n, 3, side * side, 64).reshape(-1, 64)
    back = (((blocks @ COSINES.T) / steps).round() * steps) @ COSINES
    ycc = back.view(n, 3, side, side, 8, 8).permute(0, 1, 2, 4, 3, 5).reshape(n, 3, SIZE, SIZE)
    ycc[:, 0] += 128
    return torch.einsum("ck,nkhw->nchw", torch.linalg.inv(TO_YCC), ycc) / 255


def photographed(image, hardness, draw):
    """Blur, noise and JPEG for a part of the (B, 3, S, S) images."""
    level = draw.uniform(0, 1)
    soft = hardness * draw.uniform(0, 1) > 0.6
    for low, high, sigma in ((0.0, 0.4, 0.5), (0.4, 0.75, 0.75), (0.75, 1.1, 1.0)):
        of_level = (soft & (level >= low) & (level < high)).nonzero().squeeze(1)
        if len(of_level):
            image[of_level] = blurred(image[of_level], sigma)
    grainy = draw.chosen(0.4 * hardness)
    if len(grainy):
        grain = torch.randn(len(grainy), 3, SIZE, SIZE, generator=draw.generator)
        image[grainy] = image[grainy] + grain * draw.uniform(0.005, 0.06)[grainy].view(-1, 1, 1, 1)
    packed = draw.chosen(0.3 * hardness)
    if len(packed):
        image[packed] = compressed(image[packed].clamp(0, 1), draw.uniform(20, 90)[packed])
    return image


def scenes(masks, hardness, photographs, generator):
    """(B, 64, 64) glyph masks and (B,) hardness to (B, S, S, 3) bytes; photographs (n, 3, S, S) bytes, may be none."""
    parts = []
    for part, hard in zip(masks.split(CHUNK), hardness.split(CHUNK)):
        draw = Draw(len(part), generator)
        image = photographed(painted(placed(part, hard, draw), hard, photographs, draw), hard, draw)
        parts.append((image.clamp(0, 1) * 255).round().to(torch.uint8).permute(0, 2, 3, 1))
    return torch.cat(parts)
