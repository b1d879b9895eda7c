/** Creates, lists, replaces and deletes tasks with the Java client of openapi-generator. */
import java.time.LocalDate;
import java.util.List;
import java.util.UUID;
import org.openapitools.client.ApiClient;
import org.openapitools.client.ApiException;
import org.openapitools.client.api.BatchesApi;
import org.openapitools.client.api.TasksApi;
import org.openapitools.client.api.UserApi;
import org.openapitools.client.model.*;

public class Program {
    public static void main(String[] arguments) throws Exception {
        ApiClient client = new ApiClient();
        client.setBasePath(System.getenv("TODO_API_URL"));
        client.setBearerToken(System.getenv("TODO_API_TOKEN"));
        TasksApi tasks = new TasksApi(client);
        Me me = new UserApi(client).readMe();

        Task created = tasks.createTask(new TaskCreate().title("Buy milk"), null);
        equal(created.getOwnerId(), me.getId());
        equal(created.getStatus(), Status.TODO);
        equal(created.getPriority(), Priority.MEDIUM);

        UUID id = created.getId();
        DuePatch due = new DuePatch().date(LocalDate.of(2026, 12, 1)).time("09:30").timeZone("Europe/Rome");
        TaskPatch patch = new TaskPatch().status(Status.IN_PROGRESS).description("Two bottles").due(due);
        Task changed = tasks.patchTask(id, patch, null, "\"" + created.getVersion() + "\"", null);
        equal(changed.getStatus(), Status.IN_PROGRESS);
        equal(changed.getDue().getTimeZone(), "Europe/Rome");
        // This client omits null fields, so it clears them by PUT.
        Task cleared = tasks.replaceTask(id, new TaskReplace().title("Buy milk"), null, null, null);
        equal(cleared.getDescription(), null);
        equal(cleared.getDue(), null);

        CreateOperation create = new CreateOperation()
            .op(CreateOperation.OpEnum.CREATE)
            .task(new TaskCreate().title("Call Bob"));
        UpdateOperation update = new UpdateOperation()
            .op(UpdateOperation.OpEnum.UPDATE)
            .id(id)
            .patch(new TaskPatch().priority(Priority.HIGH));
        DeleteOperation delete = new DeleteOperation().op(DeleteOperation.OpEnum.DELETE).id(id);
        Batch batch = new Batch()
            .addOperationsItem(new BatchOperation(create))
            .addOperationsItem(new BatchOperation(update))
            .addOperationsItem(new BatchOperation(delete));
        List<BatchResult> results = tasks.runBatch(batch, null, null).getResults();
        equal(results.stream().map(result -> result.getStatus().getValue()).toList(), List.of(201, 200, 204));

        CreateResourceOperation createList = new CreateResourceOperation()
            .type(BatchResourceType.BATCH_LIST)
            .op(CreateResourceOperation.OpEnum.CREATE)
            ._list(new TaskListCreate().id(id).name("Groceries"));
        MoveResourceOperation moveList = new MoveResourceOperation()
            .type(BatchResourceType.BATCH_LIST)
            .op(MoveResourceOperation.OpEnum.MOVE)
            .id(id)
            ._list(new TaskListMove().to(MoveTarget.START));
        DeleteResourceOperation deleteList = new DeleteResourceOperation()
            .type(BatchResourceType.BATCH_LIST)
            .op(DeleteResourceOperation.OpEnum.DELETE)
            .id(id)
            .tasks(TasksOfDeletedList.KEEP);
        ResourceBatch mixed = new ResourceBatch()
            .addOperationsItem(new ResourceOperation(createList))
            .addOperationsItem(new ResourceOperation(moveList))
            .addOperationsItem(new ResourceOperation(deleteList));
        List<ResourceBatchResult> mixedResults = new BatchesApi(client).runResourceBatch(mixed, null, null).getResults();
        equal(mixedResults.stream().map(result -> result.getStatus().getValue()).toList(), List.of(201, 200, 204));

        List<Task> listed = tasks.listTasks(null, null, null, List.of(Status.TODO), null, null, null, null, null, null,
            null, null, null, null, null, null, null, null, null, TaskSort.CREATED_AT_DESC);
        equal(listed.stream().map(Task::getTitle).toList(), List.of("Call Bob"));
        try {
            tasks.readTask(id, null);
            throw new AssertionError("the task is still there");
        } catch (ApiException error) {
            equal(Problem.fromJson(error.getResponseBody()).getCode(), ProblemCode.TASK_NOT_FOUND);
        }
        System.out.println("ok");
        System.exit(0);
    }

    private static void equal(Object actual, Object expected) {
        if (actual == null ? expected != null : !actual.equals(expected)) {
            throw new AssertionError(actual + " instead of " + expected);
        }
    }
}
