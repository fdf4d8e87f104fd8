using System.Text.Json.Serialization.Metadata;

namespace RocketOps.Kubernetes.Entities;

/// <summary>A CLR type's place in the API, together with its serializer code.</summary>
public sealed class KubernetesType<T> : KubernetesType
    where T : class, IKubernetesObject
{
    internal KubernetesType(JsonTypeInfo<T> json)
        : base(typeof(T)) => Json = json;

    /// <summary>Constructor for types that stand for more than one kind and so carry no attribute.</summary>
    internal KubernetesType(JsonTypeInfo<T> json, string group, string version, string kind, string plural, EntityScope scope)
        : base(group, version, kind, plural, scope) => Json = json;

    public JsonTypeInfo<T> Json { get; }
}
