"""The Buzzer as it crashed, drawn from its Terraform into out/: python diagrams/buzzer_baseline.py."""

from analysis.notebooks.views import draw_stack

if __name__ == "__main__":
    draw_stack("buzzer_baseline")
