"""What optical character recognition takes for what: shapes that look alike on paper."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["MISREAD"]

_TABLE = """
0:O,o,D 1:l,I,i 2:Z,z 5:S,s 6:b,G 8:B,3 9:g,q
B:8,R,E C:G,( D:O,0 E:F,B G:6,C I:l,1,| O:0,Q P:F Q:O S:5,8 Z:2
a:o,e b:h,6 c:e,o d:cl e:c,o f:t g:9,q h:b,li i:l,1,j j:i l:1,I,i m:rn,nn n:ri,u
o:0,c q:g r:n s:5 t:f,l u:n,ii v:y w:vv y:v z:2
cl:d fi:ﬁ fl:ﬂ ii:u li:h nn:m ri:n rn:m vv:w
à:a á:a â:a ä:a,ii ç:c è:e é:e,6 ê:e í:i ñ:n ó:o,6 ö:o,6 ß:B ú:u ü:u,ii Ä:A Ö:O Ü:U
б:6 е:с з:3,э и:н н:и,п о:0 п:н ш:щ щ:ш ы:ьі ь:ъ
"""

MISREAD: Mapping[str, tuple[str, ...]] = {
    printed: tuple(read.split(",")) for printed, _, read in (entry.partition(":") for entry in _TABLE.split())
}
"""Characters, and pairs of them, with what they are read as."""
