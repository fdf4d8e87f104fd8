namespace RocketOps.Embedded.Api.Http;

internal enum RepresentationForm
{
    Plain,
    Table,

    /// <summary>PartialObjectMetadata, or its list.</summary>
    Metadata,
}
