"""The Buzzer, drawn from its Terraform into out/: python diagrams/buzzer.py."""

from analysis.notebooks.views import draw_stack

if __name__ == "__main__":
    draw_stack("buzzer")
