"""Tasks with FastAPI and SQLModel."""

import os
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import jwt
import uvicorn
from fastapi import Depends, FastAPI, HTTPException
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from sqlalchemy import DateTime, func, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlmodel import Field, SQLModel, col, or_, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

Status = Literal["Todo", "InProgress", "Done"]


class NewTask(SQLModel):
    title: str = Field(min_length=1, max_length=255)
    description: str | None = None


class TaskPatch(SQLModel):
    status: Status


class Task(SQLModel, table=True):
    __tablename__ = "tasks"
    __table_args__ = {"schema": "plain"}

    owner: str = Field(primary_key=True)
    id: UUID = Field(default=None, primary_key=True, sa_column_kwargs={"server_default": text("gen_random_uuid()")})
    title: str
    description: str | None = None
    status: str = "Todo"
    priority: str = "Medium"
    version: int = 1
    created_at: datetime = Field(
        default=None, sa_type=DateTime(timezone=True), sa_column_kwargs={"server_default": func.now()}
    )
    updated_at: datetime = Field(
        default=None, sa_type=DateTime(timezone=True), sa_column_kwargs={"server_default": func.now()}
    )


url = os.environ["DATABASE_URL"].replace("postgres://", "postgresql+asyncpg://")
engine = create_async_engine(url, pool_size=10, max_overflow=0)
app = FastAPI()


async def session():
    async with AsyncSession(engine, expire_on_commit=False) as opened:
        yield opened


async def user(token: Annotated[HTTPAuthorizationCredentials, Depends(HTTPBearer())]) -> str:
    try:
        return jwt.decode(token.credentials, os.environ["JWT_SECRET"], algorithms=["HS256"])["sub"]
    except jwt.InvalidTokenError as error:
        raise HTTPException(401) from error


Session = Annotated[AsyncSession, Depends(session)]
User = Annotated[str, Depends(user)]


@app.get("/api/v1/tasks")
async def list_tasks(
    session: Session, owner: User, limit: int = 100, status: Status | None = None, q: str | None = None
) -> list[Task]:
    query = select(Task).where(Task.owner == owner)
    if status:
        query = query.where(Task.status == status)
    if q:
        query = query.where(or_(col(Task.title).ilike(f"%{q}%"), col(Task.description).ilike(f"%{q}%")))
    query = query.order_by(col(Task.created_at).desc(), col(Task.id).desc()).limit(limit)
    return list(await session.exec(query))


@app.get("/api/v1/tasks/{id}")
async def get_task(session: Session, owner: User, id: UUID) -> Task:
    return found(await session.get(Task, (owner, id)))


@app.post("/api/v1/tasks", status_code=201)
async def create_task(session: Session, owner: User, new: NewTask) -> Task:
    task = Task(owner=owner, title=new.title, description=new.description)
    session.add(task)
    await session.commit()
    return task


@app.patch("/api/v1/tasks/{id}")
async def patch_task(session: Session, owner: User, id: UUID, patch: TaskPatch) -> Task:
    changed = (
        update(Task)
        .where(col(Task.owner) == owner, col(Task.id) == id)
        .values(status=patch.status, version=col(Task.version) + 1, updated_at=func.now())
        .returning(Task)
    )
    task = (await session.exec(changed)).scalar_one_or_none()
    await session.commit()
    return found(task)


def found(task: Task | None) -> Task:
    if task is None:
        raise HTTPException(404)
    return task


if __name__ == "__main__":
    uvicorn.run(app, port=int(os.environ["PORT"]), access_log=False, log_level="warning")
