using System.Reflection;
using System.Text.Json.Serialization.Metadata;

namespace RocketOps.Kubernetes.Entities;

/// <summary>A CLR type's place in the API: group, version, plural, scope.</summary>
public abstract class KubernetesType
{
    private protected KubernetesType(Type clrType)
    {
        KubernetesEntityAttribute entity = KubernetesEntityAttribute.Of(clrType);
        Group = entity.Group;
        Version = entity.ApiVersion;
        Kind = entity.Kind;
        Plural = entity.PluralName;
        Scope = clrType.GetCustomAttribute<EntityScopeAttribute>(inherit: false)?.Scope ?? EntityScope.Namespaced;
    }

    private protected KubernetesType(string group, string version, string kind, string plural, EntityScope scope)
    {
        Group = group;
        Version = version;
        Kind = kind;
        Plural = plural;
        Scope = scope;
    }

    /// <summary>Empty for the core group.</summary>
    public string Group { get; }

    public string Version { get; }

    public string Kind { get; }

    public string Plural { get; }

    public EntityScope Scope { get; }

    /// <summary>The <c>apiVersion</c> of objects.</summary>
    public string ApiVersion => Group.Length == 0 ? Version : $"{Group}/{Version}";

    /// <summary>
    /// The path of the collection, of one object or of a subresource, without a leading slash. A null <paramref name="ns"/> means all namespaces (lists and
    /// watches only) or a cluster-scoped kind; for the latter it is ignored.
    /// </summary>
    public string Path(string? ns, string? name = null, string? subresource = null)
    {
        string path = Group.Length == 0 ? $"api/{Version}" : $"apis/{Group}/{Version}";
        if (Scope == EntityScope.Namespaced && !string.IsNullOrEmpty(ns))
        {
            path += $"/namespaces/{Uri.EscapeDataString(ns)}";
        }

        path += $"/{Plural}";
        if (name is not null)
        {
            path += $"/{Uri.EscapeDataString(name)}";
        }

        return subresource is null ? path : $"{path}/{subresource}";
    }

    public override string ToString() => $"{Plural}.{Group}/{Version}";
}

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
