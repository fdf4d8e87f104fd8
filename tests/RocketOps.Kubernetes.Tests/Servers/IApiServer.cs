using RocketOps.Kubernetes.Client;
using RocketOps.Kubernetes.Client.Transport;

namespace RocketOps.Kubernetes.Tests.Servers;

/// <summary>An API server for tests, shared by those of a collection; each test makes its own namespace.</summary>
public interface IApiServer
{
    /// <summary>Whether CEL rules of CRDs are checked.</summary>
    bool EvaluatesRules { get; }

    /// <summary>Skips the test, with the reason, when the server cannot run here.</summary>
    KubernetesClient CreateClient(KubernetesTypes? types = null);
}
