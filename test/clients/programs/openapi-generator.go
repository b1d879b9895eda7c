// Creates, lists, changes and deletes tasks with the Go client of openapi-generator.
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"strings"

	openapi "github.com/GIT_USER_ID/GIT_REPO_ID"
)

func main() {
	configuration := openapi.NewConfiguration()
	configuration.Servers = openapi.ServerConfigurations{{URL: os.Getenv("TODO_API_URL")}}
	client := openapi.NewAPIClient(configuration)
	ctx := context.WithValue(context.Background(), openapi.ContextAccessToken, os.Getenv("TODO_API_TOKEN"))
	tasks := client.TasksAPI

	me, _, err := client.UserAPI.ReadMe(ctx).Execute()
	must(err)
	created, _, err := tasks.CreateTask(ctx).TaskCreate(*openapi.NewTaskCreate("Buy milk")).Execute()
	must(err)
	equal(created.OwnerId, me.Id)
	equal(created.Status, openapi.TODO)
	equal(created.Priority, openapi.MEDIUM)

	due := openapi.NewDuePatch()
	due.SetDate("2026-12-01")
	due.SetTime("09:30")
	due.SetTimeZone("Europe/Rome")
	patch := openapi.NewTaskPatch()
	patch.SetStatus(openapi.IN_PROGRESS)
	patch.SetDescription("Two bottles")
	patch.SetDue(*due)
	etag := fmt.Sprintf("%q", fmt.Sprint(created.Version))
	changed, _, err := tasks.PatchTask(ctx, created.Id).IfMatch(etag).TaskPatch(*patch).Execute()
	must(err)
	equal(changed.Status, openapi.IN_PROGRESS)
	changedDue := changed.GetDue()
	equal(changedDue.GetTimeZone(), "Europe/Rome")

	clear := openapi.NewTaskPatch()
	clear.SetDescriptionNil()
	clear.SetDueNil()
	cleared, _, err := tasks.PatchTask(ctx, created.Id).TaskPatch(*clear).Execute()
	must(err)
	equal(cleared.Description.Get() == nil, true)
	equal(cleared.Due.Get() == nil, true)

	high := openapi.NewTaskPatch()
	high.SetPriority(openapi.HIGH)
	batch := openapi.NewBatch([]openapi.BatchOperation{
		openapi.CreateOperationAsBatchOperation(openapi.NewCreateOperation("create", *openapi.NewTaskCreate("Call Bob"))),
		openapi.UpdateOperationAsBatchOperation(openapi.NewUpdateOperation("update", created.Id, *high)),
		openapi.DeleteOperationAsBatchOperation(openapi.NewDeleteOperation("delete", created.Id)),
	})
	outcome, _, err := tasks.RunBatch(ctx).Batch(*batch).Execute()
	must(err)
	statuses := []string{}
	for _, result := range outcome.Results {
		statuses = append(statuses, fmt.Sprint(result.Status))
	}
	equal(strings.Join(statuses, " "), "201 200 204")

	list := openapi.NewTaskListCreate("Groceries")
	list.SetId(created.Id)
	createList := openapi.NewCreateResourceOperation(openapi.BATCH_LIST, "create")
	createList.SetList(*list)
	place := openapi.NewTaskListMove()
	place.SetTo(openapi.START)
	moveList := openapi.NewMoveResourceOperation(openapi.BATCH_LIST, "move", created.Id)
	moveList.SetList(*place)
	deleteList := openapi.NewDeleteResourceOperation(openapi.BATCH_LIST, "delete", created.Id)
	deleteList.SetTasks(openapi.KEEP)
	mixed := openapi.NewResourceBatch([]openapi.ResourceOperation{
		openapi.CreateResourceOperationAsResourceOperation(createList),
		openapi.MoveResourceOperationAsResourceOperation(moveList),
		openapi.DeleteResourceOperationAsResourceOperation(deleteList),
	})
	mixedOutcome, _, err := client.BatchesAPI.RunResourceBatch(ctx).ResourceBatch(*mixed).Execute()
	must(err)
	statuses = []string{}
	for _, result := range mixedOutcome.Results {
		statuses = append(statuses, fmt.Sprint(result.Status))
	}
	equal(strings.Join(statuses, " "), "201 200 204")

	todo := []openapi.Status{openapi.TODO}
	listed, _, err := tasks.ListTasks(ctx).Status(todo).Sort(openapi.CREATED_AT_DESC).Execute()
	must(err)
	equal(len(listed), 1)
	equal(listed[0].Title, "Call Bob")
	_, _, err = tasks.ReadTask(ctx, created.Id).Execute()
	problem := err.(*openapi.GenericOpenAPIError).Model().(openapi.Problem)
	equal(problem.Code, openapi.TASK_NOT_FOUND)
	fmt.Println("ok")
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
