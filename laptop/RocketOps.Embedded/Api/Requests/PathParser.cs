using RocketOps.Embedded.Api.Errors;
using RocketOps.Embedded.Api.Resources;

namespace RocketOps.Embedded.Api.Requests;

/// <summary>
/// Resource paths: <c>/api/v1/…</c> and <c>/apis/GROUP/VERSION/…</c> followed by <c>[watch/][namespaces/NS/]PLURAL[/NAME[/SUBRESOURCE]]</c>,
/// and for pods <c>/NAME/proxy/ANY/PATH</c>.
/// </summary>
internal static class PathParser
{
    /// <summary>Null when nothing is served under the path: the answer is a plain 404.</summary>
    /// <exception cref="ApiErrorException">404 Status for an unknown resource of a known built-in group version.</exception>
    public static RequestTarget? Parse(string path, ResourceRegistry registry)
    {
        string[] segments = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        int start = segments is ["api", ..] ? 2 : 3;
        if (segments.Length <= start || segments[0] is not ("api" or "apis"))
        {
            return null;
        }

        string group = start == 2 ? string.Empty : segments[1];
        string version = segments[start - 1];
        if (!registry.HasGroupVersion(group, version))
        {
            return null;
        }

        bool watch = segments[start] == "watch";
        ReadOnlySpan<string> rest = segments.AsSpan(watch ? start + 1 : start);
        string ns = string.Empty;
        if (rest.Length >= 3 && rest[0] == "namespaces" && !(group.Length == 0 && rest[2] is "status" or "finalize"))
        {
            ns = rest[1];
            rest = rest[2..];
        }

        string beyond = string.Empty;
        if (rest.Length > 3 && group.Length == 0 && rest[0] == "pods" && rest[2] == "proxy")
        {
            beyond = string.Join('/', rest[3..]!);
            rest = rest[..3];
        }

        if (rest.Length is 0 or > 3)
        {
            return null;
        }

        if (registry.Find(group, version, rest[0]) is not { } resource || (ns.Length > 0 && !resource.Namespaced))
        {
            bool custom = registry.All.Any(r => r.Group == group && r.IsCustom);
            return custom ? null : throw ApiErrors.ResourceUnknown();
        }

        return new RequestTarget(resource, ns, rest.Length > 1 ? rest[1] : string.Empty, rest.Length > 2 ? rest[2] : string.Empty, watch, beyond);
    }
}

/// <summary>
/// Target of a resource path. <paramref name="Namespace"/> and <paramref name="Name"/> are empty when the path has none;
/// <paramref name="Rest"/> is what follows <c>pods/NAME/proxy/</c>.
/// </summary>
internal sealed record RequestTarget(ResourceDefinition Resource, string Namespace, string Name, string Subresource, bool WatchPath, string Rest = "");
