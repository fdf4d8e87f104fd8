using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Models;
using RocketOps.Kubernetes.Queues;

namespace RocketOps.Kubernetes.Controllers;

/// <summary>Settings of an entity's controller: what else brings it into action, and how it runs. (Extensions of KubeOps' model.)</summary>
public sealed class ControllerBuilder<TEntity>
    where TEntity : class, IKubernetesObject
{
    private readonly IOperatorBuilder _operator;

    internal ControllerBuilder(IOperatorBuilder @operator)
    {
        _operator = @operator;
        Resync = @operator.Settings.Resync;
    }

    internal TimeSpan Resync { get; private set; }

    internal List<KeyValuePair<string, Func<TEntity, object?>>> LogFields { get; } = [];

    internal List<Action<IServiceProvider, ControllerLoop<TEntity>>> Triggers { get; } = [];

    /// <summary>Any change of an object whose managing owner is an entity of this kind.</summary>
    /// <param name="labelSelector">Limits what is watched and cached, at the server.</param>
    public ControllerBuilder<TEntity> Owns<TChild>(string? labelSelector = null)
        where TChild : class, IKubernetesObject
    {
        KubernetesEntityAttribute owner = KubernetesEntityAttribute.Of(typeof(TEntity));
        bool isNamespaced = OperatorBuilder.ScopeOf(typeof(TEntity)) == EntityScope.Namespaced;
        return Watches<TChild>(child => OwnerKey(child, owner, isNamespaced), labelSelector);
    }

    /// <summary>Any change of another object, for the entities the function names. It computes keys, from caches at most; no I/O.</summary>
    public ControllerBuilder<TEntity> Watches<TOther>(Func<TOther, IEnumerable<ObjectKey>> map, string? labelSelector = null)
        where TOther : class, IKubernetesObject =>
        Watches<TOther>((_, other) => map(other), labelSelector);

    /// <summary>The same, with access to services such as <c>IEntityCache&lt;T&gt;</c>.</summary>
    /// <param name="map">The entities.</param>
    /// <param name="labelSelector">Limits what is watched and cached, at the server.</param>
    /// <param name="priority">Low where one change concerns many entities: what a person does to one of them goes first.</param>
    public ControllerBuilder<TEntity> Watches<TOther>(
        Func<IServiceProvider, TOther, IEnumerable<ObjectKey>> map, string? labelSelector = null, WorkPriority priority = WorkPriority.Normal)
        where TOther : class, IKubernetesObject
    {
        ArgumentNullException.ThrowIfNull(map);
        _operator.AddCache<TOther>(labelSelector);
        Triggers.Add((services, loop) => loop.TriggerBy<TOther>(services, other => map(services, other), priority));
        return this;
    }

    /// <summary>Triggers the controller by something other than a change of an object: a time that has come.</summary>
    /// <param name="subscribe">Calls back, from any thread, with the key of an entity that is to be looked at, until what it returns is disposed.</param>
    public ControllerBuilder<TEntity> WokenBy(Func<IServiceProvider, Action<ObjectKey>, IDisposable> subscribe)
    {
        ArgumentNullException.ThrowIfNull(subscribe);
        Triggers.Add((services, loop) => loop.TriggerBy(wake => subscribe(services, wake)));
        return this;
    }

    /// <summary>Sets the interval at which every entity is looked at without an event.</summary>
    public ControllerBuilder<TEntity> WithResync(TimeSpan interval)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(interval, TimeSpan.Zero);
        Resync = interval;
        return this;
    }

    /// <summary>One more field of every line that is logged within a pass over an entity, besides its kind, namespace, name, generation and the pass's <c>reconcileID</c>.</summary>
    /// <param name="name">In camel case.</param>
    /// <param name="value">From the entity as the pass finds it; no I/O.</param>
    public ControllerBuilder<TEntity> WithLogField(string name, Func<TEntity, object?> value)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(value);
        LogFields.Add(new(name, value));
        return this;
    }

    private static IEnumerable<ObjectKey> OwnerKey(IKubernetesObject child, KubernetesEntityAttribute owner, bool isNamespaced)
    {
        // Group and kind decide, not the version: objects written by an older version of us name the older one.
        OwnerReference? reference = child.ControllerOwner();
        return reference is not null && reference.Kind == owner.Kind && GroupOf(reference.ApiVersion) == owner.Group
            ? [new ObjectKey(isNamespaced ? child.Metadata.Namespace : null, reference.Name)]
            : [];
    }

    private static string GroupOf(string apiVersion)
    {
        int slash = apiVersion.IndexOf('/', StringComparison.Ordinal);
        return slash < 0 ? "" : apiVersion[..slash];
    }
}
