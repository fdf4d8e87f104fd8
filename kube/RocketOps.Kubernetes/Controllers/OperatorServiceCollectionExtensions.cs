using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using RocketOps.Kubernetes.Apply;
using RocketOps.Kubernetes.Client;
using RocketOps.Kubernetes.Client.Configuration;
using RocketOps.Kubernetes.Client.Transport;
using RocketOps.Kubernetes.Events;
using RocketOps.Kubernetes.Informers;
using RocketOps.Kubernetes.LeaderElection;
using RocketOps.Kubernetes.Metrics;

namespace RocketOps.Kubernetes.Controllers;

public static class OperatorServiceCollectionExtensions
{
    /// <summary>An election makes two requests in each <see cref="OperatorSettings.RetryPeriod"/>: so many more that it is never held up, and few enough that a bug in it is not loud.</summary>
    private const double ElectionRequestsPerSecond = 10;
    private const int ElectionBurst = 20;

    /// <summary>The client; <see cref="KubernetesTypes"/> of the container are its kinds.</summary>
    public static IServiceCollection AddKubernetesClient(
        this IServiceCollection services, Func<IServiceProvider, KubernetesClientConfiguration> configuration, KubernetesClientOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(configuration);
        services.TryAddSingleton(TimeProvider.System);
        TypesOf(services);
        services.AddMetrics();
        services.TryAddSingleton<ClientMetrics>();
        services.TryAddSingleton<IKubernetesClient>(provider => new KubernetesClient(
            configuration(provider),
            provider.GetRequiredService<KubernetesTypes>(),
            options,
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<KubernetesClient>>(),
            provider.GetRequiredService<ClientMetrics>()));
        return services;
    }

    /// <summary>
    /// The controller runtime as a hosted service. Needs an <see cref="IKubernetesClient"/> in the container that was made with the container's
    /// <see cref="KubernetesTypes"/>; see <see cref="AddKubernetesClient"/>.
    /// </summary>
    public static IOperatorBuilder AddKubernetesOperator(this IServiceCollection services, Action<OperatorSettings>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        OperatorSettings settings = new();
        configure?.Invoke(settings);
        services.AddMetrics();
        services.AddLogging();
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(settings);
        services.TryAddSingleton<ControllerMetrics>();
        services.TryAddSingleton<ReconcileIds>();
        services.TryAddSingleton(static provider =>
        {
            LeaderElector? elector = provider.GetRequiredService<OperatorElector>().Elector;
            return new WriteGuard(() => elector is null || elector.IsLeader);
        });
        services.FenceClient();
        services.TryAddSingleton(provider => new EventRecorder(
            Unfenced(provider),
            new EventRecorderOptions { ReportingController = $"{settings.Domain}/{settings.Name}" },
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<EventRecorder>>()));
        services.TryAddSingleton<IEventRecorder>(provider => provider.GetRequiredService<EventRecorder>());
        services.TryAddSingleton(provider => new ServerSideApplier(
            provider.GetRequiredService<IKubernetesClient>(),
            new ServerSideApplierOptions { FieldManager = settings.Name, HashAnnotation = $"{settings.Domain}/applied-hash" },
            provider.GetRequiredService<ControllerMetrics>()));
        services.TryAddSingleton(provider => new OperatorElector(settings.LeaderElection ? CreateElector(provider, settings) : null));
        services.TryAddSingleton(provider => new OperatorHealth(
            provider.GetServices<IInformerLoop>(), settings, provider.GetRequiredService<OperatorElector>().Elector));
        services.AddHostedService<OperatorRuntime>();
        return new OperatorBuilder(services, settings, TypesOf(services));
    }

    /// <summary>Puts the <see cref="LeaderFence"/> before the client that is in the container. To be called again by whoever puts another one there afterwards.</summary>
    public static IServiceCollection FenceClient(this IServiceCollection services)
    {
        ArgumentNullException.ThrowIfNull(services);
        if (services.LastOrDefault(static service => service.ServiceType == typeof(IKubernetesClient)) is not { } registered)
        {
            return services;
        }

        services.AddSingleton(provider => registered.ImplementationInstance is IKubernetesClient instance
            ? new UnfencedClient(instance, IsOwned: false)
            : new UnfencedClient((IKubernetesClient)registered.ImplementationFactory!(provider), IsOwned: true));
        services.AddSingleton<IKubernetesClient>(static provider =>
            provider.GetRequiredService<OperatorElector>().Elector is null ? Unfenced(provider) : new LeaderFence(Unfenced(provider), provider.GetRequiredService<WriteGuard>()));
        return services;
    }

    internal static IKubernetesClient Unfenced(IServiceProvider provider) => provider.GetService<UnfencedClient>()?.Client ?? provider.GetRequiredService<IKubernetesClient>();

    private static LeaderElector CreateElector(IServiceProvider provider, OperatorSettings settings)
    {
        IKubernetesClient client = Unfenced(provider);

        // A busy cluster's requests wait for each other; a renewal that waited with them would come too late. A client of another kind has whatever limits it has.
        IKubernetesClient unhindered = client is KubernetesClient limited ? limited.WithOwnRate(ElectionRequestsPerSecond, ElectionBurst) : client;
        return new LeaderElector(
            unhindered,
            new LeaderElectionOptions
            {
                LeaseName = settings.Name,
                LeaseNamespace = settings.LeaseNamespace ?? client.Namespace,
                LeaseDuration = settings.LeaseDuration,
                RenewDeadline = settings.RenewDeadline,
                RetryPeriod = settings.RetryPeriod,
            },
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<LeaderElector>>());
    }

    /// <summary>The one instance of the container: entities are added to it while services are still being collected.</summary>
    private static KubernetesTypes TypesOf(IServiceCollection services)
    {
        if (services.FirstOrDefault(s => s.ServiceType == typeof(KubernetesTypes))?.ImplementationInstance is KubernetesTypes existing)
        {
            return existing;
        }

        KubernetesTypes types = new();
        services.AddSingleton(types);
        return types;
    }
}
