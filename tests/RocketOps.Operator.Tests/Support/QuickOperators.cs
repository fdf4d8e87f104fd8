using Microsoft.Extensions.DependencyInjection;
using RocketOps.Kubernetes.Client;
using RocketOps.Kubernetes.Client.Configuration;
using RocketOps.Kubernetes.Client.Transport;
using RocketOps.Kubernetes.Controllers;
using RocketOps.Kubernetes.Metrics;
using RocketOps.Testing;

namespace RocketOps.Operator.Tests.Support;

/// <summary>Operators of tests: as many requests as they like, soon again after faults, which are over at once, and no answer that is given up because the machine does other things.</summary>
internal static class QuickOperators
{
    extension(IServiceCollection services)
    {
        /// <param name="server">The API server.</param>
        /// <param name="agent">As whom it comes there.</param>
        /// <param name="patience">How long it waits for an answer; longer than anybody waits for it when not set.</param>
        public void MakeQuick(KubernetesClientConfiguration server, string agent, TimeSpan? patience = null)
        {
            KubernetesClientOptions client = new()
            {
                UserAgent = agent,
                RequestsPerSecond = 1000,
                Burst = 1000,
                InitialBackoff = TimeSpan.FromMilliseconds(10),
                RequestTimeout = patience ?? Eventually.DefaultDeadline,
            };
            services.AddSingleton<IKubernetesClient>(provider => new KubernetesClient(server, provider.GetRequiredService<KubernetesTypes>(), client, metrics: provider.GetRequiredService<ClientMetrics>()));
            services.FenceClient();
            OperatorSettings settings = (OperatorSettings)services.First(static service => service.ServiceType == typeof(OperatorSettings)).ImplementationInstance!;
            settings.InitialBackoff = TimeSpan.FromMilliseconds(20);
        }
    }
}
