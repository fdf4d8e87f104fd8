using RocketOps.Embedded.Api.Resources;

namespace RocketOps.Embedded.Api.Http;

/// <summary>
/// What a resource path names. <paramref name="Namespace"/> and <paramref name="Name"/> are empty when the path has none; <paramref name="Rest"/> is what
/// follows <c>pods/NAME/proxy/</c>.
/// </summary>
internal sealed record RequestTarget(ResourceDefinition Resource, string Namespace, string Name, string Subresource, bool WatchPath, string Rest = "");
