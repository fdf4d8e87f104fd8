using System.Collections.Concurrent;
using System.Text.Json.Serialization.Metadata;
using RocketOps.Kubernetes.Dynamic;
using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Models;

namespace RocketOps.Kubernetes.Client;

/// <summary>
/// The kinds a client can speak of. The built-in ones are known from the start, but for <see cref="None"/>; custom entities are
/// added with the serializer code of their own context: <c>types.Add(OperatorJsonContext.Default.BrokerCluster)</c>.
/// </summary>
public sealed class KubernetesTypes
{
    private readonly ConcurrentDictionary<Type, KubernetesType> _types;

    public KubernetesTypes()
        : this(new ConcurrentDictionary<Type, KubernetesType>())
    {
        KubernetesJsonContext context = KubernetesJsonContext.Default;
        Add(context.Namespace);
        Add(context.Node);
        Add(context.Pod);
        Add(context.Service);
        Add(context.ConfigMap);
        Add(context.Secret);
        Add(context.ServiceAccount);
        Add(context.PersistentVolumeClaim);
        Add(context.PersistentVolume);
        Add(context.StatefulSet);
        Add(context.Deployment);
        Add(context.ReplicaSet);
        Add(context.ControllerRevision);
        Add(context.PodDisruptionBudget);
        Add(context.Lease);
        Add(context.EndpointSlice);
        Add(context.Event);
        Add(context.Role);
        Add(context.ClusterRole);
        Add(context.RoleBinding);
        Add(context.ClusterRoleBinding);
        Add(context.SelfSubjectAccessReview);
        Add(context.StorageClass);
        Add(context.CustomResourceDefinition);
    }

    private KubernetesTypes(ConcurrentDictionary<Type, KubernetesType> types) => _types = types;

    /// <summary>No kind yet, not even a built-in one: for a client that speaks of <see cref="KubernetesObject"/> alone (<c>KubernetesClient.For</c>).</summary>
    public static KubernetesTypes None => new(new ConcurrentDictionary<Type, KubernetesType>());

    public IReadOnlyCollection<KubernetesType> All => [.. _types.Values];

    public KubernetesTypes Add<T>(JsonTypeInfo<T> json)
        where T : class, IKubernetesObject
    {
        ArgumentNullException.ThrowIfNull(json);
        _types[typeof(T)] = new KubernetesType<T>(json);
        return this;
    }

    internal KubernetesTypes Add<T>(KubernetesType<T> type)
        where T : class, IKubernetesObject
    {
        _types[typeof(T)] = type;
        return this;
    }

    /// <summary>Throws <see cref="InvalidOperationException"/> for a type that was not added.</summary>
    public KubernetesType<T> Get<T>()
        where T : class, IKubernetesObject =>
        _types.TryGetValue(typeof(T), out KubernetesType? type)
            ? (KubernetesType<T>)type
            : throw new InvalidOperationException($"{typeof(T).Name} is not known to the client: add its JsonTypeInfo to KubernetesTypes.");
}
