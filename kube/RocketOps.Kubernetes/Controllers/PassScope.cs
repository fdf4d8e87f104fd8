using System.Collections;
using RocketOps.Kubernetes.Entities;

namespace RocketOps.Kubernetes.Controllers;

/// <summary>
/// Logging scope of a pass, which every line of the log carries that is written within the pass, by whomever: <c>kind</c>,
/// <c>namespace</c>, <c>name</c>, <c>reconcileID</c> (controller-runtime's name for it), and once the object is known <c>generation</c> and
/// what its controller adds.
/// <para>
/// A scope reaches whatever is begun within it, such as the connection to a broker, which goes on to log for days. Therefore it is empty from the end of its pass on: those lines would name a pass that has
/// nothing to do with them.
/// </para>
/// Thread-safe.
/// </summary>
internal sealed class PassScope(string kind, ObjectKey key, string reconcileId) : IEnumerable<KeyValuePair<string, object?>>
{
    private volatile KeyValuePair<string, object?>[] _fields =
    [
        new("kind", kind), .. key.Namespace is { } ns ? [new("namespace", ns)] : Array.Empty<KeyValuePair<string, object?>>(), new("name", key.Name), new("reconcileID", reconcileId),
    ];

    /// <summary>A field with the same name is replaced. By the pass itself, nobody else.</summary>
    public void Set(string name, object? value) => _fields = [.. _fields.Where(field => field.Key != name), new(name, value)];

    public void End() => _fields = [];

    public IEnumerator<KeyValuePair<string, object?>> GetEnumerator() => ((IEnumerable<KeyValuePair<string, object?>>)_fields).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>Fields as text, for logs that are text.</summary>
    public override string ToString() => string.Join(' ', _fields.Select(static field => $"{field.Key}={field.Value}"));
}
