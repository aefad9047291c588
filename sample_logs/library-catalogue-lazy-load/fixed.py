"""Lists the books of a library with their authors."""

import asyncio
import logging

from sqlalchemy import ForeignKey, select
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship, selectinload

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
log = logging.getLogger("catalogue")


class Base(DeclarativeBase):
    pass


class Author(Base):
    __tablename__ = "author"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]


class Book(Base):
    __tablename__ = "book"
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    author_id: Mapped[int] = mapped_column(ForeignKey("author.id"))
    author: Mapped[Author] = relationship()


async def list_books(new_session):
    async with new_session() as session:
        for book in await session.scalars(select(Book).options(selectinload(Book.author))):
            log.info("%s, by %s", book.title, book.author.name)


async def main():
    engine = create_async_engine("sqlite+aiosqlite://")
    new_session = async_sessionmaker(engine)
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    async with new_session.begin() as session:
        session.add(Book(title="On Bridges", author=Author(name="E. Lund")))
    try:
        await list_books(new_session)
    finally:
        await engine.dispose()


asyncio.run(main())
