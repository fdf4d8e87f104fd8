using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Text.Json.Serialization.Metadata;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using RocketOps.Kubernetes.Client;
using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Informers;
using RocketOps.Kubernetes.Metrics;
using RocketOps.Kubernetes.Queues;

namespace RocketOps.Kubernetes.Controllers;

internal sealed class OperatorBuilder(IServiceCollection services, OperatorSettings settings, KubernetesTypes types) : IOperatorBuilder
{
    private readonly Dictionary<Type, string?> _caches = [];

    public IServiceCollection Services => services;

    public OperatorSettings Settings => settings;

    internal static EntityScope ScopeOf(Type type) =>
        type.GetCustomAttribute<EntityScopeAttribute>(inherit: false)?.Scope ?? EntityScope.Namespaced;

    public IOperatorBuilder AddEntity<TEntity>(JsonTypeInfo<TEntity> json)
        where TEntity : class, IKubernetesObject
    {
        types.Add(json);
        return this;
    }

    public IOperatorBuilder AddController<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] TController, TEntity>(
        Action<ControllerBuilder<TEntity>>? configure = null)
        where TController : class, IEntityController<TEntity>
        where TEntity : class, IKubernetesObject
    {
        ControllerBuilder<TEntity> builder = new(this);
        configure?.Invoke(builder);
        AddCache<TEntity>();
        services.TryAddSingleton<TController>();
        services.AddSingleton<IControllerLoop>(provider =>
        {
            ControllerLoop<TEntity> loop = new(
                provider.GetRequiredService<TController>(),
                [.. provider.GetServices<FinalizerRegistration<TEntity>>()],
                provider.GetRequiredService<Informer<TEntity>>(),
                provider.GetRequiredService<IKubernetesClient>(),
                provider.GetService<IUnreadableReporter>(),
                new ControllerLoopOptions
                {
                    Workers = settings.Workers,
                    Resync = builder.Resync,
                    ReconcileTimeout = settings.ReconcileTimeout,
                    Queue = new WorkQueueOptions { InitialBackoff = settings.InitialBackoff, MaxBackoff = settings.MaxBackoff },
                },
                new PassScopes<TEntity>(provider.GetRequiredService<ReconcileIds>(), builder.LogFields),
                provider.GetRequiredService<ControllerMetrics>(),
                provider.GetRequiredService<TimeProvider>(),
                provider.GetRequiredService<ILogger<ControllerLoop<TEntity>>>());
            foreach (Action<IServiceProvider, ControllerLoop<TEntity>> trigger in builder.Triggers)
            {
                trigger(provider, loop);
            }

            return loop;
        });
        return this;
    }

    public IOperatorBuilder AddFinalizer<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] TFinalizer, TEntity>(string identifier)
        where TFinalizer : class, IEntityFinalizer<TEntity>
        where TEntity : class, IKubernetesObject
    {
        FinalizerRegistration<TEntity>.Check(identifier);
        services.TryAddSingleton<TFinalizer>();
        services.AddSingleton(provider => new FinalizerRegistration<TEntity>(identifier, provider.GetRequiredService<TFinalizer>()));
        return this;
    }

    public IOperatorBuilder AddCache<T>(string? labelSelector = null, bool mayBeForbidden = false)
        where T : class, IKubernetesObject
    {
        if (_caches.TryGetValue(typeof(T), out string? existing))
        {
            return existing == labelSelector
                ? this
                : throw new InvalidOperationException(
                    $"{typeof(T).Name} is watched with the selector '{existing ?? "(all)"}' already; one process has one cache per kind, '{labelSelector ?? "(all)"}' needs another.");
        }

        _caches[typeof(T)] = labelSelector;
        services.AddSingleton(provider =>
        {
            Informer<T> informer = new(
                OperatorServiceCollectionExtensions.Unfenced(provider),
                new InformerOptions
                {
                    Namespaces = ScopeOf(typeof(T)) == EntityScope.Namespaced ? settings.Namespaces : [],
                    LabelSelector = labelSelector,
                    KeepManagedFieldsOf = settings.Name,
                    MayBeForbidden = mayBeForbidden,
                },
                provider.GetRequiredService<TimeProvider>(),
                provider.GetRequiredService<ILogger<Informer<T>>>());
            provider.GetRequiredService<ControllerMetrics>().ObserveUnreadable(informer.Kind, () => informer.Unreadable.Count);
            return informer;
        });
        services.AddSingleton<IInformer<T>>(provider => provider.GetRequiredService<Informer<T>>());
        services.AddSingleton<IEntityCache<T>>(provider => provider.GetRequiredService<Informer<T>>());
        services.AddSingleton<IInformerLoop>(provider => provider.GetRequiredService<Informer<T>>());
        return this;
    }
}
