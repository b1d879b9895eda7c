// Creates, lists, changes and deletes tasks with the client of ogen.
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"strings"
	"time"

	"example.com/app/todoapi"
	"github.com/ogen-go/ogen/ogenerrors"
)

type security struct{}

func (security) Bearer(context.Context, todoapi.OperationName) (todoapi.Bearer, error) {
	return todoapi.Bearer{Token: os.Getenv("TODO_API_TOKEN")}, nil
}

func (security) SessionCookie(context.Context, todoapi.OperationName) (todoapi.SessionCookie, error) {
	return todoapi.SessionCookie{}, ogenerrors.ErrSkipClientSecurity
}

func main() {
	ctx := context.Background()
	client, err := todoapi.NewClient(os.Getenv("TODO_API_URL"), security{})
	must(err)

	me := is[*todoapi.MeHeaders](client.ReadMe(ctx)).Response
	created := is[*todoapi.CreateTaskCreatedHeaders](
		client.CreateTask(ctx, &todoapi.TaskCreate{Title: "Buy milk"}, todoapi.CreateTaskParams{}),
	).Response
	equal(created.OwnerID, me.ID)
	equal(created.Status, todoapi.StatusTodo)
	equal(created.Priority, todoapi.PriorityMedium)

	due := todoapi.DuePatch{
		Date:     todoapi.NewOptDate(time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)),
		Time:     todoapi.NewOptNilString("09:30"),
		TimeZone: todoapi.NewOptNilString("Europe/Rome"),
	}
	changed := is[*todoapi.TaskHeaders](client.PatchTask(ctx, &todoapi.PatchTaskApplicationMergePatchJSON{
		Status:      todoapi.NewOptStatus(todoapi.StatusInProgress),
		Description: todoapi.NewOptNilString("Two bottles"),
		Due:         todoapi.NewOptNilDuePatch(due),
	}, todoapi.PatchTaskParams{
		ID:      created.ID,
		IfMatch: todoapi.NewOptString(fmt.Sprintf("%q", fmt.Sprint(created.Version))),
	})).Response
	equal(changed.Status, todoapi.StatusInProgress)
	equal(changed.Due.Value.TimeZone.Value, "Europe/Rome")

	var clear todoapi.PatchTaskApplicationMergePatchJSON
	clear.Description.SetToNull()
	clear.Due.SetToNull()
	cleared := is[*todoapi.TaskHeaders](client.PatchTask(ctx, &clear, todoapi.PatchTaskParams{ID: created.ID})).Response
	equal(cleared.Description.Null, true)
	equal(cleared.Due.Null, true)

	outcome := is[*todoapi.BatchResultsHeaders](client.RunBatch(ctx, &todoapi.Batch{Operations: []todoapi.BatchOperation{
		todoapi.NewCreateOperationBatchOperation(todoapi.CreateOperation{
			Op: "create", Task: todoapi.TaskCreate{Title: "Call Bob"},
		}),
		todoapi.NewUpdateOperationBatchOperation(todoapi.UpdateOperation{
			Op: "update", ID: created.ID, Patch: todoapi.TaskPatch{Priority: todoapi.NewOptPriority(todoapi.PriorityHigh)},
		}),
		todoapi.NewDeleteOperationBatchOperation(todoapi.DeleteOperation{Op: "delete", ID: created.ID}),
	}}, todoapi.RunBatchParams{})).Response
	statuses := []string{}
	for _, result := range outcome.Results {
		statuses = append(statuses, fmt.Sprint(result.Status))
	}
	equal(strings.Join(statuses, " "), "201 200 204")

	mixed := is[*todoapi.ResourceBatchResultsHeaders](client.RunResourceBatch(ctx, &todoapi.ResourceBatch{
		Operations: []todoapi.ResourceOperation{
			todoapi.NewCreateResourceOperationResourceOperation(todoapi.CreateResourceOperation{
				Type: todoapi.BatchResourceTypeList, Op: "create",
				List: todoapi.NewOptTaskListCreate(todoapi.TaskListCreate{
					ID: todoapi.NewOptUUID(created.ID), Name: "Groceries",
				}),
			}),
			todoapi.NewMoveResourceOperationResourceOperation(todoapi.MoveResourceOperation{
				Type: todoapi.BatchResourceTypeList, Op: "move", ID: created.ID,
				List: todoapi.NewOptTaskListMove(todoapi.TaskListMove{To: todoapi.NewOptMoveTarget(todoapi.MoveTargetStart)}),
			}),
			todoapi.NewDeleteResourceOperationResourceOperation(todoapi.DeleteResourceOperation{
				Type: todoapi.BatchResourceTypeList, Op: "delete", ID: created.ID,
				Tasks: todoapi.NewOptTasksOfDeletedList(todoapi.TasksOfDeletedListKeep),
			}),
		},
	}, todoapi.RunResourceBatchParams{})).Response
	statuses = []string{}
	for _, result := range mixed.Results {
		statuses = append(statuses, fmt.Sprint(result.Status))
	}
	equal(strings.Join(statuses, " "), "201 200 204")

	listed := is[*todoapi.ListTasksOKHeaders](client.ListTasks(ctx, todoapi.ListTasksParams{
		Status: []todoapi.Status{todoapi.StatusTodo},
		Sort:   todoapi.NewOptTaskSort(todoapi.TaskSortMinusCreatedAt),
	})).Response
	equal(len(listed), 1)
	equal(listed[0].Title, "Call Bob")
	gone := is[*todoapi.ReadTaskNotFound](client.ReadTask(ctx, todoapi.ReadTaskParams{ID: created.ID}))
	equal(gone.Response.Code, todoapi.ProblemCodeTaskNotFound)
	fmt.Println("ok")
}

// The response of the expected type; each operation has one type per status.
func is[Expected any](response any, err error) Expected {
	must(err)
	expected, ok := response.(Expected)
	if !ok {
		log.Fatalf("unexpected response %T %+v", response, response)
	}
	return expected
}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func equal[T comparable](actual, expected T) {
	if actual != expected {
		log.Fatalf("%v instead of %v", actual, expected)
	}
}
