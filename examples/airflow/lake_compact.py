"""The nightly compaction as an Airflow DAG (2.4 or newer): compact, examine, and tell somebody.

Exit code 3 (done, but some input was quarantined or skipped) fails the task `report_partial` only, so that what
depends on the tables runs all the same; any other code but 0 means that nothing was changed, and is retried.
"""
from datetime import datetime, timedelta

from airflow import DAG
from airflow.operators.bash import BashOperator

LAKE = "/srv/posts-lake"
NOTIFY = "/usr/local/share/lake/examples/notify"

with DAG(
    dag_id="lake_compact",
    schedule="15 2 * * *",
    start_date=datetime(2026, 1, 1),
    catchup=False,
    max_active_runs=1,
    default_args={
        "retries": 2,
        "retry_delay": timedelta(minutes=10),
        "env": {"LAKE_DIR": LAKE},
        "append_env": True,
    },
) as dag:
    compact = BashOperator(
        task_id="compact",
        # The hook tells of failures at once; the last line of output goes to XCom.
        bash_command=(
            f"lake compact --wait 3600 --on-failure '{NOTIFY}'; code=$?; "
            "if [ $code = 3 ]; then echo partial; exit 0; fi; echo done; exit $code"
        ),
        do_xcom_push=True,
        execution_timeout=timedelta(hours=4),
    )
    report_partial = BashOperator(
        task_id="report_partial",
        bash_command=(
            '[ "{{ ti.xcom_pull(task_ids="compact") }}" != partial ] || { lake quarantine list; exit 1; }'
        ),
        retries=0,
    )
    doctor = BashOperator(
        task_id="doctor",
        # 3: only warnings.
        bash_command="lake doctor; code=$?; [ $code = 0 ] || [ $code = 3 ]",
    )
    compact >> [report_partial, doctor]
