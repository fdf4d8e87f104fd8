using RocketOps.Kubernetes.Informers;
using RocketOps.Kubernetes.LeaderElection;

namespace RocketOps.Kubernetes.Controllers;

/// <summary>Answers for health endpoints.</summary>
public sealed class OperatorHealth
{
    private readonly IReadOnlyList<IInformerLoop> _informers;
    private readonly OperatorSettings _settings;
    private readonly LeaderElector? _elector;

    internal OperatorHealth(IEnumerable<IInformerLoop> informers, OperatorSettings settings, LeaderElector? elector)
    {
        _informers = [.. informers];
        _settings = settings;
        _elector = elector;
    }

    /// <summary>True when this process is the one that acts. Always true without leader election.</summary>
    public bool IsLeader => _elector?.IsLeader ?? true;

    /// <summary>Null when everything was listed once and goes on being watched; standby processes are ready too. Otherwise what is missing.</summary>
    public string? ReadyProblem()
    {
        foreach (IInformerLoop informer in _informers)
        {
            if (!informer.HasSynced || informer.Problem is not null)
            {
                return $"{informer.Kind}: {informer.Problem ?? "not listed yet"}";
            }
        }

        return null;
    }

    /// <summary>Null while a restart would not help.</summary>
    public string? LiveProblem()
    {
        foreach (IInformerLoop informer in _informers)
        {
            if (informer.Silence > _settings.MaxSilence)
            {
                return $"{informer.Kind}: the API server was not heard of for {informer.Silence}";
            }
        }

        return null;
    }
}
