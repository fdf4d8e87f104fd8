using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization.Metadata;
using Microsoft.Extensions.DependencyInjection;
using RocketOps.Kubernetes.Entities;

namespace RocketOps.Kubernetes.Controllers;

/// <summary>Parts that an operator is made of.</summary>
public interface IOperatorBuilder
{
    IServiceCollection Services { get; }

    OperatorSettings Settings { get; }

    /// <summary>Makes a custom entity known to the client.</summary>
    IOperatorBuilder AddEntity<TEntity>(JsonTypeInfo<TEntity> json)
        where TEntity : class, IKubernetesObject;

    /// <summary>
    /// Watches a kind and has the controller called for its entities. The controller is a singleton; it keeps no state of single entities.
    /// </summary>
    IOperatorBuilder AddController<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] TController, TEntity>(
        Action<ControllerBuilder<TEntity>>? configure = null)
        where TController : class, IEntityController<TEntity>
        where TEntity : class, IKubernetesObject;

    /// <param name="identifier"><c>domain/purpose</c>, at most 63 characters after the slash. Never changed once objects carry it.</param>
    IOperatorBuilder AddFinalizer<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] TFinalizer, TEntity>(string identifier)
        where TFinalizer : class, IEntityFinalizer<TEntity>
        where TEntity : class, IKubernetesObject;

    /// <summary>Watches a kind for its cache alone: <c>IEntityCache&lt;T&gt;</c> by dependency injection.</summary>
    /// <param name="labelSelector">Limits what is watched and cached, at the server.</param>
    /// <param name="mayBeForbidden">Whether the operator works without the right to list the kind; decided by the first call for a kind.</param>
    IOperatorBuilder AddCache<T>(string? labelSelector = null, bool mayBeForbidden = false)
        where T : class, IKubernetesObject;
}
