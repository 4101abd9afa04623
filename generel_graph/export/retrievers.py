"""neo4j-graphrag's retrievers with this package's query vectors, vector index and full-text index.

    from generel_graph.export.retrievers import vector_cypher_retriever

    with generel_graph.open("my-project") as session:
        retriever = vector_cypher_retriever(session, "WITH node, score WHERE node:Disease RETURN node.name, score")
        retriever.search(query_text="heart attack", top_k=50)

Needs the extra `graphrag`. The score is that of the index, (1 + cosine) / 2, without the query's constant (see
`generel_graph.stored_vectors`). A retriever queries the model that was active when the retriever was created.
"""

from __future__ import annotations

from neo4j_graphrag.embeddings.base import Embedder
from neo4j_graphrag.retrievers import HybridCypherRetriever, VectorCypherRetriever

from generel_graph.ask.pinned_model import PinnedModel, active
from generel_graph.ask.query import vector_of
from generel_graph.session import Session

FULL_TEXT_INDEX = "concept_text"  # over names and synonyms


class QueryEmbedder(Embedder):
    """The query vector of a text: the stored vector of the node that it names, otherwise that of the free text."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self.model: PinnedModel = active(session.graph)

    @property
    def index(self) -> str:
        """The name of the model's vector index over nodes of all kinds."""
        return f"embedding_{self.model.slot}"

    def embed_query(self, text: str) -> list[float]:
        """The query vector, [dimension].

        Raises NotFoundError for a code that is not in the graph, ActiveModelChanged if another model is active now.
        """
        return vector_of(self.session.graph, self.model, self.session.space, text)


def vector_cypher_retriever(session: Session, retrieval_query: str) -> VectorCypherRetriever:
    """A retriever of the nodes nearest to a query; `retrieval_query` continues from each `node` and `score`.

    To get one kind, fetch more nodes and filter in `retrieval_query` (`WITH node, score WHERE node:SNP …`): the
    argument `filters` of neo4j-graphrag 1.22 fails on an index that it did not create.
    """
    embedder = QueryEmbedder(session)
    graph = session.graph
    return VectorCypherRetriever(graph.driver, embedder.index, retrieval_query, embedder, neo4j_database=graph.database)


def hybrid_cypher_retriever(session: Session, retrieval_query: str) -> HybridCypherRetriever:
    """As `vector_cypher_retriever`, combined with concepts whose names or synonyms contain the query's words."""
    embedder = QueryEmbedder(session)
    graph = session.graph
    return HybridCypherRetriever(
        graph.driver, embedder.index, FULL_TEXT_INDEX, retrieval_query, embedder, neo4j_database=graph.database
    )
