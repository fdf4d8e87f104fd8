using RocketOps.Kubernetes.Entities;
using RocketOps.Operator.Entities;

namespace RocketOps.Operator.Masters;

/// <summary>Finds which cluster an object means, and whether that cluster wants it.</summary>
internal static class ClusterReferences
{
    private const string Everybody = "*";

    public static ObjectKey Key(this ClusterReference reference, IKubernetesObject entity) => new(reference.Namespace ?? entity.Namespace(), reference.Name);

    /// <summary>
    /// Returns the text of a reference as the status keeps it: the name, with its namespace before it where that is not the object's.
    /// </summary>
    public static string Text(this ClusterReference reference, IKubernetesObject entity) => Text(reference.Key(entity), entity);

    public static string Text(ObjectKey key, IKubernetesObject entity) => key.Namespace == entity.Namespace() ? key.Name : key.ToString();

    /// <summary>The other way round.</summary>
    public static ObjectKey Parse(string text, IKubernetesObject entity) =>
        text.Split('/') is [string ns, string name] ? new ObjectKey(ns, name) : new ObjectKey(entity.Namespace(), text);

    /// <summary>
    /// Returns true when objects of the namespace may be kept on the cluster: its own always, others where the cluster consents.
    /// </summary>
    public static bool Admits(this BrokerCluster cluster, string? ns) =>
        cluster.Namespace() == ns || cluster.Spec.AllowedNamespaces?.Exists(allowed => allowed == Everybody || allowed == ns) == true;

    /// <summary>Names an object for people of another one's namespace.</summary>
    public static string NameFor(this IKubernetesObject other, IKubernetesObject entity) => other.Namespace() == entity.Namespace() ? other.Name() : $"{other.Namespace()}/{other.Name()}";
}
