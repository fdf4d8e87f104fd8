namespace RocketOps.Embedded;

/// <summary>Verb and target of a request.</summary>
/// <param name="Verb">get, list, watch, create, update, patch, delete or deletecollection.</param>
/// <param name="Group">Empty for the core group.</param>
/// <param name="Resource">The plural.</param>
/// <param name="Subresource">Empty, or status, scale, log.</param>
/// <param name="Namespace">Empty for cluster-scoped resources and lists over all namespaces.</param>
/// <param name="Name">Empty for collections.</param>
public sealed record ApiCall(string Verb, string Group, string Resource, string Subresource, string Namespace, string Name);
