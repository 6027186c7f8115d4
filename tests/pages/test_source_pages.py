"""Every line of a source file can be linked to, and no text of it becomes markup."""

import pytest
from bs4 import BeautifulSoup

from analysis.pages import source

TEXT = "locals {\n  # <script>alert(1)</script>\n  doc = <<-EOT\n    {{ nothing }}\n\n  EOT\n}\n"


@pytest.fixture
def root(tmp_path):
    path = tmp_path / "terraform/stacks/x/main.tf"
    path.parent.mkdir(parents=True)
    path.write_text(TEXT)
    return tmp_path


def test_each_line_has_its_anchor_and_the_text_is_unchanged(root):
    made, lines = source.rendered(root, "terraform/stacks/x/main.tf")
    assert lines == TEXT.count("\n")
    assert all(f'id="L{number}"' in made for number in range(1, lines + 1))
    assert f'id="L{lines + 1}"' not in made
    assert "<script" not in made
    shown = [line.get_text() for line in BeautifulSoup(made, "html.parser").select(".g-line")]
    assert "\n".join(shown) + "\n" == TEXT


def test_a_citation_leads_to_the_line(root):
    made = source.link(root, "buzzer/index.md", "terraform/stacks/x/main.tf", 3)
    assert 'href="../reference/source/terraform/stacks/x/main.tf.html#L3"' in made


@pytest.mark.parametrize(("path", "line"), [("terraform/stacks/x/main.tf", 99), ("terraform/stacks/x/gone.tf", 1)])
def test_a_citation_of_a_line_that_is_not_there_is_refused(root, path, line):
    with pytest.raises(ValueError, match=r"buzzer/index\.md"):
        source.link(root, "buzzer/index.md", path, line)


def test_a_module_file_is_named_from_the_root():
    assert source.below_root("terraform/stacks/x", "../../modules/y/main.tf") == "terraform/modules/y/main.tf"
