// Tasks with net/http and pgx.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"log"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

type task struct {
	Owner       string    `json:"owner"`
	ID          string    `json:"id"`
	Title       string    `json:"title"`
	Description *string   `json:"description"`
	Status      string    `json:"status"`
	Priority    string    `json:"priority"`
	Version     int       `json:"version"`
	CreatedAt   time.Time `json:"created_at"`
	UpdatedAt   time.Time `json:"updated_at"`
}

const columns = "owner, id, title, description, status, priority, version, created_at, updated_at"

var (
	secret = []byte(os.Getenv("JWT_SECRET"))
	pool   *pgxpool.Pool
)

func main() {
	config, err := pgxpool.ParseConfig(os.Getenv("DATABASE_URL"))
	if err != nil {
		log.Fatal(err)
	}
	config.MaxConns = 10
	if pool, err = pgxpool.NewWithConfig(context.Background(), config); err != nil {
		log.Fatal(err)
	}
	http.HandleFunc("GET /api/v1/tasks", authenticated(list))
	http.HandleFunc("GET /api/v1/tasks/{id}", authenticated(get))
	http.HandleFunc("POST /api/v1/tasks", authenticated(create))
	http.HandleFunc("PATCH /api/v1/tasks/{id}", authenticated(patch))
	log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), nil))
}

func authenticated(handle func(http.ResponseWriter, *http.Request, string)) http.HandlerFunc {
	parser := jwt.NewParser(jwt.WithValidMethods([]string{"HS256"}))
	key := func(*jwt.Token) (any, error) { return secret, nil }
	return func(w http.ResponseWriter, r *http.Request) {
		text, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		token, err := parser.Parse(text, key)
		if err != nil {
			http.Error(w, "unauthorized", http.StatusUnauthorized)
			return
		}
		owner, _ := token.Claims.GetSubject()
		handle(w, r, owner)
	}
}

func list(w http.ResponseWriter, r *http.Request, owner string) {
	query := r.URL.Query()
	limit, err := strconv.Atoi(query.Get("limit"))
	if err != nil {
		limit = 100
	}
	condition, values := "", []any{owner, limit}
	if q := query.Get("q"); q != "" {
		condition, values = " and (title ilike $3 or description ilike $3)", append(values, "%"+q+"%")
	} else if status := query.Get("status"); status != "" {
		condition, values = " and status = $3", append(values, status)
	}
	rows, _ := pool.Query(r.Context(), "select "+columns+" from plain.tasks where owner = $1"+condition+
		" order by created_at desc, id desc limit $2", values...)
	tasks, err := pgx.CollectRows(rows, pgx.RowToStructByPos[task])
	respond(w, http.StatusOK, tasks, err)
}

func get(w http.ResponseWriter, r *http.Request, owner string) {
	one(w, r, http.StatusOK, "select "+columns+" from plain.tasks where owner = $1 and id = $2", owner, r.PathValue("id"))
}

func create(w http.ResponseWriter, r *http.Request, owner string) {
	var body struct {
		Title       string  `json:"title"`
		Description *string `json:"description"`
	}
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil || body.Title == "" {
		http.Error(w, "bad request", http.StatusBadRequest)
		return
	}
	one(w, r, http.StatusCreated, "insert into plain.tasks (owner, title, description) values ($1, $2, $3) returning "+columns,
		owner, body.Title, body.Description)
}

func patch(w http.ResponseWriter, r *http.Request, owner string) {
	var body struct {
		Status string `json:"status"`
	}
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil || body.Status == "" {
		http.Error(w, "bad request", http.StatusBadRequest)
		return
	}
	one(w, r, http.StatusOK, "update plain.tasks set status = $3, version = version + 1, updated_at = now()"+
		" where owner = $1 and id = $2 returning "+columns, owner, r.PathValue("id"), body.Status)
}

func one(w http.ResponseWriter, r *http.Request, status int, query string, values ...any) {
	rows, _ := pool.Query(r.Context(), query, values...)
	found, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByPos[task])
	respond(w, status, found, err)
}

func respond(w http.ResponseWriter, status int, body any, err error) {
	if errors.Is(err, pgx.ErrNoRows) {
		http.Error(w, "not found", http.StatusNotFound)
		return
	}
	if err != nil {
		log.Print(err)
		http.Error(w, "internal server error", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(body)
}
