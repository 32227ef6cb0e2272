"""Material files of s&box: a surface's (.vmat) and a terrain's (.tmat)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Final

__all__ = ["Surface", "tmat", "vmat"]

_VMAT: Final = """\
// Made by pagequeue

Layer0
{{
	shader "shaders/complex.shader"
{features}
	//---- Ambient Occlusion ----
	g_flAmbientOcclusionDirectDiffuse "0.000"
	g_flAmbientOcclusionDirectSpecular "0.000"
	TextureAmbientOcclusion "{path}_ao.png"

	//---- Color ----
	g_flModelTintAmount "1.000"
	g_vColorTint "[1.000000 1.000000 1.000000 0.000000]"
	TextureColor "{path}_color.png"

	//---- Fade ----
	g_flFadeExponent "1.000"

	//---- Fog ----
	g_bFogEnabled "1"

	//---- Height ----
	TextureHeight "{path}_height.png"

	//---- Metalness ----
	g_flMetalness "{metalness:.3f}"

	//---- Normal ----
	TextureNormal "{path}_normal.png"

	//---- Roughness ----
	g_flRoughnessScaleFactor "1.000"
	TextureRoughness "{path}_rough.png"

	//---- Texture Coordinates ----
	g_nScaleTexCoordUByModelScaleAxis "0"
	g_nScaleTexCoordVByModelScaleAxis "0"
	g_vTexCoordOffset "[0.000 0.000]"
	g_vTexCoordScale "[{scale:.3f} {scale:.3f}]"
	g_vTexCoordScrollSpeed "[0.000 0.000]"
{transparency}}}
"""
_CUT_OUT: Final = """
	//---- Alpha Test ----
	g_flAlphaTestReference "0.500"
	TextureTranslucency "{path}_trans.png"
"""
_SEE_THROUGH: Final = """
	//---- Translucent ----
	g_flOpacityScale "1.000"
	TextureTranslucency "{path}_trans.png"
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surface:
    """A material: *path* is that of its maps without the suffix that tells each, ``_color.png``.

    *transparency* is "none", "cut out" (a pixel is there or not) or "see-through".
    """

    path: str
    metalness: float
    uv_scale: float
    transparency: str = "none"


def vmat(surface: Surface) -> str:
    """*surface* in the key-values of Source 2, for s&box's shader of everything solid."""
    feature, lines = {
        "none": ("", ""),
        "cut out": ("\tF_ALPHA_TEST 1\n", _CUT_OUT),
        "see-through": ("\tF_TRANSLUCENT 1\n", _SEE_THROUGH),
    }[surface.transparency]
    return _VMAT.format(
        path=surface.path,
        features=feature,
        metalness=surface.metalness,
        scale=surface.uv_scale,
        transparency=lines.format(path=surface.path),
    )


def tmat(surface: Surface) -> str:
    """*surface* in the JSON of s&box's terrain materials, which are never transparent.

    The strength of the normals is in their map already, so that here it is 1.
    """
    path = surface.path
    told = {
        "AlbedoImage": f"{path}_color.png",
        "RoughnessImage": f"{path}_rough.png",
        "NormalImage": f"{path}_normal.png",
        "HeightImage": f"{path}_height.png",
        "AOImage": f"{path}_ao.png",
        "UVScale": surface.uv_scale,
        "Metalness": surface.metalness,
        "NormalStrength": 1.0,
        "HeightBlendStrength": 1.0,
        "DisplacementScale": 0.0,
        "NoTiling": False,
        "Surface": None,
        "__references": [],
        "__version": 0,
    }
    return json.dumps(told, indent=2) + "\n"
