"""Creates, lists, changes and deletes tasks with the Python client of openapi-generator."""

import json
import os

import openapi_client
from openapi_client import (
    Batch,
    BatchOperation,
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
    ResourceOperation,
    Status,
    TaskCreate,
    TaskListCreate,
    TaskListMove,
    TaskPatch,
    TasksOfDeletedList,
    TaskSort,
    UpdateOperation,
)

configuration = openapi_client.Configuration(
    host=os.environ["TODO_API_URL"], access_token=os.environ["TODO_API_TOKEN"]
)
with openapi_client.ApiClient(configuration) as client:
    tasks = openapi_client.TasksApi(client)
    me = openapi_client.UserApi(client).read_me()

    created = tasks.create_task(TaskCreate(title="Buy milk"))
    assert created.owner_id == me.id, created
    assert (created.status, created.priority, created.description) == (Status.TODO, Priority.MEDIUM, None), created

    due = DuePatch(date="2026-12-01", time="09:30", time_zone="Europe/Rome")
    patch = TaskPatch(status=Status.INPROGRESS, description="Two bottles", due=due)
    changed = tasks.patch_task(created.id, patch, if_match=f'"{created.version}"')
    assert (changed.status, changed.due.time_zone) == (Status.INPROGRESS, "Europe/Rome"), changed
    cleared = tasks.patch_task(created.id, TaskPatch(description=None, due=None))
    assert (cleared.description, cleared.due) == (None, None), cleared

    operations = [
        CreateOperation(op="create", task=TaskCreate(title="Call Bob")),
        UpdateOperation(op="update", id=created.id, patch=TaskPatch(priority=Priority.HIGH)),
        DeleteOperation(op="delete", id=created.id),
    ]
    batch = tasks.run_batch(Batch(operations=[BatchOperation(operation) for operation in operations]))
    assert [result.status for result in batch.results] == [201, 200, 204], batch

    kind = BatchResourceType.BATCH_LIST
    operations = [
        CreateResourceOperation(type=kind, op="create", list=TaskListCreate(id=created.id, name="Groceries")),
        MoveResourceOperation(type=kind, op="move", id=created.id, list=TaskListMove(to=MoveTarget.START)),
        DeleteResourceOperation(type=kind, op="delete", id=created.id, tasks=TasksOfDeletedList.KEEP),
    ]
    mixed = ResourceBatch(operations=[ResourceOperation(operation) for operation in operations])
    batch = openapi_client.BatchesApi(client).run_resource_batch(mixed)
    assert [result.status for result in batch.results] == [201, 200, 204], batch

    listed = tasks.list_tasks(status=[Status.TODO], sort=TaskSort.CREATED_AT_DESC)
    assert [task.title for task in listed] == ["Call Bob"], listed
    try:
        tasks.read_task(created.id)
        raise AssertionError("the task is still there")
    except openapi_client.exceptions.NotFoundException as error:
        assert json.loads(error.body)["code"] == "task_not_found", error

print("ok")
