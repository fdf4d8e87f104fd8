namespace RocketOps.Embedded.Api.Schema;

/// <summary><c>x-kubernetes-list-type</c>.</summary>
internal enum ListKind
{
    Atomic,
    Set,
    Map,
}
