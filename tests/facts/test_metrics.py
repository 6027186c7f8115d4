import pytest

from analysis.facts import FactError, metric_namespaces, metrics

HEADER = "namespace,metric,dimensions,unit,low,high,statistics,when_zero,every_s,needs,source\n"


def test_the_catalogue_knows_the_services_of_a_web_application():
    assert metric_namespaces() >= {
        "AWS/ApplicationELB",
        "AWS/ECS",
        "AWS/RDS",
        "AWS/ElastiCache",
        "AWS/CloudFront",
        "AWS/Lambda",
    }
    assert len(metrics()) > 150


def test_a_services_processors_are_watched_by_cluster_and_service():
    assert metrics()["AWS/ECS", "CPUUtilization"].dimensions == (
        frozenset({"ClusterName", "ServiceName"}),
        frozenset({"ClusterName"}),
    )


def test_error_counts_of_a_load_balancer_are_not_published_at_zero():
    counts = [metric for (_, name), metric in metrics().items() if name.startswith("HTTPCode_")]
    assert counts
    assert {metric.when_zero for metric in counts} == {"absent"}


def test_every_source_is_a_page_of_aws():
    assert {metric.source.split("/")[2] for metric in metrics().values()} == {"docs.aws.amazon.com"}


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ("AWS/X,Y,Z,Count,0,,,published,60,,", "has no source"),
        ("AWS/X,,Z,Count,0,,,published,60,,s", "needs namespace, metric and unit"),
        ("AWS/X,Y,Z,Count,0,,,sometimes,60,,s", "when_zero 'sometimes' is not one of"),
        ("AWS/X,Y,Z,Count,9,1,,published,60,,s", "low 9 is not below high 1"),
        ("AWS/X,Y,Z,Count,0,,,published,0,,s", "every_s 0"),
        ("AWS/X,Y,Z,Count,0,,,published,60,,s\nAWS/X,Y,Z,Count,0,,,published,60,,s", "is there twice"),
    ],
)
def test_a_row_that_makes_no_sense_is_refused_with_its_line(tmp_path, row, sentence):
    path = tmp_path / "metrics.csv"
    path.write_text(HEADER + row + "\n", encoding="utf-8")
    with pytest.raises(FactError) as refusal:
        metrics(path)
    assert str(refusal.value).startswith("metrics.csv: line ")
    assert sentence in str(refusal.value)
