using System.Text.Json.Nodes;
using RocketOps.Embedded.Api.Json;

namespace RocketOps.Embedded.Api.Builtins;

/// <summary>A path of kinds.yaml to objects below an object: <c>a.b</c>, each of a list <c>a[]</c>, only where there is one <c>a?</c>. The empty path is the object itself.</summary>
internal sealed class FieldPath(string text)
{
    private readonly string[] _steps = text.Split('.', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>The objects, each with its place in error messages (<c>spec.ports[0]</c>); <paramref name="create"/> makes what is missing of a plain step.</summary>
    public List<(JsonObject Object, string Path)> Find(JsonObject root, bool create)
    {
        List<(JsonObject Object, string Path)> found = [(root, string.Empty)];
        foreach (string step in _steps)
        {
            found = [.. found.SelectMany(holder => Below(holder.Object, step, create).Select(below => (below.Object, Join(holder.Path, below.Path))))];
        }

        return found;
    }

    public static string Join(string path, string name) => path.Length == 0 ? name : $"{path}.{name}";

    private static IEnumerable<(JsonObject Object, string Path)> Below(JsonObject holder, string step, bool create)
    {
        if (step.EndsWith("[]", StringComparison.Ordinal))
        {
            string list = step[..^2];
            return (holder.Items(list) ?? []).Select((item, i) => (Object: item as JsonObject, Path: $"{list}[{i}]")).Where(item => item.Object is not null)!;
        }

        string name = step.TrimEnd('?');
        JsonObject? child = create && !step.EndsWith('?') ? holder.EnsureChild(name) : holder.Child(name);
        return child is null ? [] : [(child, name)];
    }
}
