using RocketOps.Kubernetes.Entities;

namespace RocketOps.Operator.Settings;

/// <summary>Settings of an operator. One instance is shared by all its controllers and never changes.</summary>
public sealed record OperatorOptions
{
    /// <summary>The namespaces to work in; none for all of them.</summary>
    public IReadOnlyList<string> Namespaces { get; init; } = [];

    /// <summary>Off where only one process can run, as in the embedded control plane.</summary>
    public bool LeaderElection { get; init; } = true;

    /// <summary>
    /// Namespace of the leader's lease; null for the first of <see cref="Namespaces"/>, and without one for the operator's own namespace.
    /// </summary>
    public string? LeaseNamespace { get; init; }

    /// <summary>Images for clusters that name none.</summary>
    public OperatorImages Images { get; init; } = OperatorImages.Default;

    /// <summary>
    /// Clusters that ask for no version follow the operator's at once, all of them. Otherwise they keep the one they have until they ask for another: an upgrade of the operator restarts no broker.
    /// </summary>
    public bool UpgradesClusters { get; init; }

    /// <summary>Name of the ValidatingAdmissionPolicy, and of its binding, that refuses to delete clusters that are annotated so; null where there is none.</summary>
    public string? ProtectionPolicy { get; init; }

    /// <summary>
    /// Duration of the leases of groups that elect their master where a cluster says nothing of their times; null for the brokers' own
    /// default. Longer where whole programs get no processor for seconds, as on a laptop that compiles: there a lease that ends is no sign
    /// of a master that is gone.
    /// </summary>
    public TimeSpan? GroupLease { get; init; }

    /// <summary>
    /// Address of the Service of a cluster's name servers for clients, by the Service's key, where they are outside of the cluster's
    /// network and it cannot be reached by its name; null while that is not known. By default its name is what they use.
    /// </summary>
    public Func<ObjectKey, string?>? ClientAddress { get; init; }

    /// <summary>
    /// Delay until the next pass while something is awaited that sends no event, such as a broker's registration. Short, because a person
    /// is often watching then, and cheap: it reads caches and asks one name server.
    /// </summary>
    public TimeSpan ProgressInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Interval at which a converged object is looked at without an event, since brokers and name servers send none. Brokers register every
    /// 30 s, so looking more often shows little more.
    /// </summary>
    public TimeSpan ResyncInterval { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Shortest time for which queues that are to go stay open to consumers: producers learn of the change by their own polling of routes,
    /// every 30 s by default, and two rounds make sure.
    /// </summary>
    public TimeSpan RouteRefreshGrace { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>
    /// Time that a master may be away before topics on it are called not ready. Its cluster says so at once; thousands of topics would say
    /// the same twice with every restart.
    /// </summary>
    public TimeSpan TopicGrace { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>
    /// Time that a restarted master serves before that of another group is restarted: clients learn its new address by their own polling of
    /// routes, every 30 s by default. Zero where restarts keep addresses.
    /// </summary>
    public TimeSpan MasterRestartPause { get; init; } = TimeSpan.FromSeconds(35);

    /// <summary>
    /// Time for which a broker that is started again in its pod may read a mounted ConfigMap as it was before its last change: kubelets
    /// renew it once a minute, from a copy that is as old again.
    /// </summary>
    public TimeSpan ConfigRefreshGrace { get; init; } = TimeSpan.FromMinutes(3);

    /// <summary>
    /// Time that a new group whose master serves waits for what it lacks before producers are let in all the same: a Topic that never comes
    /// must not keep it from taking load.
    /// </summary>
    public TimeSpan OpeningGrace { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>
    /// Time that a master does not answer, or a group has nobody who leads it, before something that has run is said to be broken: a
    /// planned change of master takes less, and an answer may come late.
    /// </summary>
    public TimeSpan FaultGrace { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Time that a member that does not serve and runs is left alone, when it is the only one of its group that has everything and is
    /// outdated: a store that was not closed is read again, which takes minutes at most, and a restart begins that anew. After that the new
    /// template may be the repair.
    /// </summary>
    public TimeSpan RecoveryGrace { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>
    /// Time that a start waits for definitions that are of its version: the API server publishes those that were just applied a little
    /// later.
    /// </summary>
    public TimeSpan DefinitionGrace { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>
    /// Interval at which a running operator asks whether its definitions are still those it knows: one small answer of the API server.
    /// </summary>
    public TimeSpan DefinitionInterval { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Time that name servers and brokers may take to answer within one pass: a pass of one cluster must not hold up others for long.
    /// </summary>
    public TimeSpan AdminTimeout { get; init; } = TimeSpan.FromSeconds(3);
}
