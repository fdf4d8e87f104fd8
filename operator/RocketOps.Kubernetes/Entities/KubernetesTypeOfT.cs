using System.Text.Json.Serialization.Metadata;

namespace RocketOps.Kubernetes;

/// <summary>A CLR type's place in the API, together with its serializer code.</summary>
public sealed class KubernetesType<T> : KubernetesType
    where T : class, IKubernetesObject
{
    internal KubernetesType(JsonTypeInfo<T> json)
        : base(typeof(T)) => Json = json;

    public JsonTypeInfo<T> Json { get; }
}
