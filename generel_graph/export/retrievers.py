"""neo4j-graphrag's retrievers on our graph: our vectors of a question, the active model's index, our full-text index.

    from generel_graph.export.retrievers import vector_cypher_retriever

    with generel_graph.open("my-project") as session:
        retriever = vector_cypher_retriever(session, "WITH node, score WHERE node:Disease RETURN node.name, score")
        retriever.search(query_text="heart attack", top_k=50)

Needs the extra `graphrag`. The score is the index's, (1 + cosine) / 2, of the cosine before the question's constant; a
retriever asks the model that was active when it was made.
"""

from __future__ import annotations

from neo4j_graphrag.embeddings.base import Embedder
from neo4j_graphrag.retrievers import HybridCypherRetriever, VectorCypherRetriever

from generel_graph.ask import PinnedModel, active, vector_of
from generel_graph.session import Session

WORDS = "concept_text"  # the full-text index over names and synonyms


class QueryEmbedder(Embedder):
    """The vector that a question is asked by: the stored one of what a text names, else that of the text."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self.model: PinnedModel = active(session.graph)

    @property
    def index(self) -> str:
        """The name of the model's index over nodes of all kinds."""
        return f"embedding_{self.model.slot}"

    def embed_query(self, text: str) -> list[float]:
        """The question's vector, [dimension].

        Raises NotFoundError for a code that the graph does not have, ActiveModelChanged once another model is active.
        """
        return vector_of(self.session.graph, self.model, self.session.space, text)


def vector_cypher_retriever(session: Session, retrieval_query: str) -> VectorCypherRetriever:
    """Nodes nearest to a question, each led on by `retrieval_query`, which sees `node` and `score`.

    To have one kind only, fetch more and let `retrieval_query` choose (`WITH node, score WHERE node:SNP …`):
    neo4j-graphrag 1.22's own `filters` fails on an index that it did not make itself.
    """
    embedder = QueryEmbedder(session)
    graph = session.graph
    return VectorCypherRetriever(graph.driver, embedder.index, retrieval_query, embedder, neo4j_database=graph.database)


def hybrid_cypher_retriever(session: Session, retrieval_query: str) -> HybridCypherRetriever:
    """As `vector_cypher_retriever`, together with the concepts whose names and synonyms have the question's words."""
    embedder = QueryEmbedder(session)
    graph = session.graph
    return HybridCypherRetriever(
        graph.driver, embedder.index, WORDS, retrieval_query, embedder, neo4j_database=graph.database
    )
