using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Models;

namespace RocketOps.Kubernetes.Dynamic;

/// <summary>
/// An object of any kind, as JSON: what is copied as a whole, as a pod's template is, keeps the fields that no model knows. Which kind it is says the client it
/// is read through (<c>KubernetesClient.For</c>). Not to be changed once it is shared between threads.
/// </summary>
[JsonConverter(typeof(KubernetesObjectConverter))]
public sealed class KubernetesObject : IKubernetesObject
{
    private object? _spec;
    private object? _status;

    /// <param name="json">The whole object; its document must outlive this one. Throws <see cref="JsonException"/> when its metadata are none.</param>
    public KubernetesObject(JsonElement json)
    {
        Json = json;
        ApiVersion = json.Text("apiVersion") ?? "";
        Kind = json.Text("kind") ?? "";
        Metadata = json.Has("metadata") ? json.Field("metadata").Deserialize(DynamicJsonContext.Default.ObjectMeta)! : new ObjectMeta();
    }

    /// <param name="json">The whole object, as it is now. Throws <see cref="JsonException"/> when its metadata are none.</param>
    public KubernetesObject(JsonObject json)
        : this(JsonSerializer.SerializeToElement(json, DynamicJsonContext.Default.JsonObject))
    {
    }

    /// <summary>The object as it was read.</summary>
    public JsonElement Json { get; }

    public string ApiVersion { get; set; }

    public string Kind { get; set; }

    /// <summary>The same as in <see cref="Json"/>, with types. A cache may leave parts out here.</summary>
    public ObjectMeta Metadata { get; set; }

    public string Name => Metadata.Name ?? "";

    /// <summary>Empty for cluster-scoped objects.</summary>
    public string Namespace => Metadata.Namespace ?? "";

    public string Uid => Metadata.Uid ?? "";

    public bool IsDeleting => Metadata.DeletionTimestamp is not null;

    public long Generation => Metadata.Generation ?? 0;

    /// <summary>Undefined when there is none.</summary>
    public JsonElement Spec => Json.Field("spec");

    /// <summary>Undefined when there is none.</summary>
    public JsonElement Status => Json.Field("status");

    /// <summary>
    /// The spec as a model knows it; an empty one when there is none. Made once and shared: for reading, as a change of it reaches nobody and
    /// what the model lacks is in <see cref="Spec"/> alone. Throws <see cref="JsonException"/> when it is of another form.
    /// </summary>
    public T SpecAs<T>(JsonTypeInfo<T> model)
        where T : class, new() => Read(ref _spec, Spec, model);

    /// <summary>The same of the status.</summary>
    public T StatusAs<T>(JsonTypeInfo<T> model)
        where T : class, new() => Read(ref _status, Status, model);

    /// <summary>True when the condition of this type in the status is True.</summary>
    public bool HasCondition(string type) => Condition(type).Text("status") == "True";

    /// <summary>The condition of this type in the status; undefined when there is none.</summary>
    public JsonElement Condition(string type) => Status.Items("conditions").FirstOrDefault(condition => condition.Text("type") == type);

    // Two threads may both read it; either result will do.
    private static T Read<T>(ref object? known, JsonElement json, JsonTypeInfo<T> model)
        where T : class, new()
    {
        if (known is not T read)
        {
            known = read = json.Exists() ? json.Deserialize(model)! : new T();
        }

        return read;
    }
}

internal sealed class KubernetesObjectConverter : JsonConverter<KubernetesObject>
{
    public override KubernetesObject Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => new(JsonElement.ParseValue(ref reader));

    public override void Write(Utf8JsonWriter writer, KubernetesObject value, JsonSerializerOptions options) => value.Json.WriteTo(writer);
}

/// <summary>Serializer code for objects of any kind, with the rules of the built-in ones (<c>KubernetesJsonContext</c>).</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(JsonObject))]
[JsonSerializable(typeof(KubernetesObject))]
[JsonSerializable(typeof(ObjectMeta))]
internal sealed partial class DynamicJsonContext : JsonSerializerContext;
