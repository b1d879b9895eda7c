"""Creates, lists, changes and deletes tasks with the client of openapi-python-client."""

import os
from datetime import date

from todo_api_client import AuthenticatedClient
from todo_api_client.api.batches import run_resource_batch
from todo_api_client.api.tasks import create_task, list_tasks, patch_task, read_task, run_batch
from todo_api_client.api.user import read_me
from todo_api_client.models import (
    Batch,
    BatchResourceType,
    CreateOperation,
    CreateResourceOperation,
    DeleteOperation,
    DeleteResourceOperation,
    DuePatch,
    MoveResourceOperation,
    MoveTarget,
    Priority,
    ResourceBatch,
    Status,
    TaskCreate,
    TaskListCreate,
    TaskListMove,
    TaskPatch,
    TasksOfDeletedList,
    TaskSort,
    UpdateOperation,
)

with AuthenticatedClient(base_url=os.environ["TODO_API_URL"], token=os.environ["TODO_API_TOKEN"]) as client:
    me = read_me.sync(client=client)

    created = create_task.sync(client=client, body=TaskCreate(title="Buy milk"))
    assert created.owner_id == me.id, created
    assert (created.status, created.priority, created.description) == (Status.TODO, Priority.MEDIUM, None), created

    due = DuePatch(date=date(2026, 12, 1), time="09:30", time_zone="Europe/Rome")
    patch = TaskPatch(status=Status.INPROGRESS, description="Two bottles", due=due)
    changed = patch_task.sync(created.id, client=client, body=patch, if_match=f'"{created.version}"')
    assert (changed.status, changed.due.time_zone) == (Status.INPROGRESS, "Europe/Rome"), changed
    cleared = patch_task.sync(created.id, client=client, body=TaskPatch(description=None, due=None))
    assert (cleared.description, cleared.due) == (None, None), cleared

    operations = [
        CreateOperation(op="create", task=TaskCreate(title="Call Bob")),
        UpdateOperation(op="update", id=created.id, patch=TaskPatch(priority=Priority.HIGH)),
        DeleteOperation(op="delete", id=created.id),
    ]
    batch = run_batch.sync(client=client, body=Batch(operations=operations))
    assert [result.status for result in batch.results] == [201, 200, 204], batch

    kind = BatchResourceType.BATCH_LIST
    operations = [
        CreateResourceOperation(type_=kind, op="create", list_=TaskListCreate(id=created.id, name="Groceries")),
        MoveResourceOperation(type_=kind, op="move", id=created.id, list_=TaskListMove(to=MoveTarget.START)),
        DeleteResourceOperation(type_=kind, op="delete", id=created.id, tasks=TasksOfDeletedList.KEEP),
    ]
    batch = run_resource_batch.sync(client=client, body=ResourceBatch(operations=operations))
    assert [result.status for result in batch.results] == [201, 200, 204], batch

    listed = list_tasks.sync(client=client, status=[Status.TODO], sort=TaskSort.CREATED_AT_DESC)
    assert [task.title for task in listed] == ["Call Bob"], listed
    gone = read_task.sync(created.id, client=client)
    assert gone.code == "task_not_found", gone

print("ok")
