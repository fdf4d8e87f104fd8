using System.Text.Json;

namespace RocketOps.Embedded.Kubelet.Objects;

/// <summary>
/// An object of the API as it was read: immutable and safe to share between threads. Controllers copy templates of
/// pods as a whole, so objects stay JSON here; a typed model would lose every field it does not know.
/// </summary>
internal sealed class KubeObject
{
    public KubeObject(JsonElement json)
    {
        Json = json;
        JsonElement metadata = json.Field("metadata");
        Name = metadata.Text("name") ?? "";
        Namespace = metadata.Text("namespace") ?? "";
        Uid = metadata.Text("uid") ?? "";
        ResourceVersion = metadata.Text("resourceVersion") ?? "";
        Generation = metadata.Number("generation") ?? 0;
        IsDeleting = metadata.Has("deletionTimestamp");
    }

    public JsonElement Json { get; }

    public string Name { get; }

    public string Namespace { get; }

    public string Uid { get; }

    public string ResourceVersion { get; }

    public long Generation { get; }

    public bool IsDeleting { get; }

    /// <summary>namespace/name, the key of caches and queues.</summary>
    public string Key => ObjectKey.Of(Namespace, Name);

    public JsonElement Metadata => Json.Field("metadata");

    public JsonElement Spec => Json.Field("spec");

    public JsonElement Status => Json.Field("status");

    public string? Label(string name) => Metadata.Field("labels").Text(name);

    public string? Annotation(string name) => Metadata.Field("annotations").Text(name);

    /// <summary>The owner that controls this object, or an undefined element.</summary>
    public JsonElement Controller
    {
        get
        {
            foreach (JsonElement owner in Metadata.Items("ownerReferences"))
            {
                if (owner.Flag("controller") == true)
                {
                    return owner;
                }
            }

            return default;
        }
    }

    public bool IsControlledBy(KubeObject owner) => string.Equals(Controller.Text("uid"), owner.Uid, StringComparison.Ordinal);

    /// <summary>Whether the condition of this type in the status is True.</summary>
    public bool HasCondition(string type)
    {
        foreach (JsonElement condition in Status.Items("conditions"))
        {
            if (condition.Text("type") == type)
            {
                return condition.Text("status") == "True";
            }
        }

        return false;
    }

    public DateTimeOffset CreatedAt =>
        Metadata.Time("creationTimestamp") ?? DateTimeOffset.MinValue;

    /// <summary>
    /// Whether <paramref name="left"/> is a later version than <paramref name="right"/>. Versions are decimal numbers
    /// of any length without leading zero (kubernetes.md §5.1), hence compared by length first.
    /// </summary>
    public static bool IsNewer(string left, string right) =>
        left.Length != right.Length ? left.Length > right.Length : string.CompareOrdinal(left, right) > 0;
}
