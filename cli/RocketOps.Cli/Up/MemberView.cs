using RocketOps.Kubernetes.Dynamic;

namespace RocketOps.Cli.Up;

/// <summary>What the screen shows of one name server or broker.</summary>
/// <param name="Group">The broker group; empty for name servers.</param>
/// <param name="Name">The pod.</param>
/// <param name="Role">Master, Slave or name server.</param>
/// <param name="IsReady">It serves, and the pod is the live one: a status from before the last stop says nothing about this run.</param>
/// <param name="IsRegistered">The name servers know it.</param>
/// <param name="State">In a word or three.</param>
/// <param name="Address">Where it listens; empty while it has no address.</param>
internal sealed record MemberView(string Group, string Name, string Role, bool IsReady, bool IsRegistered, string State, string Address)
{
    public const string NameServerRole = "name server";

    public bool IsWell => State == "ready";

    /// <param name="group">As above.</param>
    /// <param name="name">As above.</param>
    /// <param name="role">As above.</param>
    /// <param name="pod">The pod of this name, null when there is none.</param>
    /// <param name="isRegistered">As above.</param>
    /// <param name="isOutdated">It runs an older configuration and waits for its restart.</param>
    public static MemberView Of(string group, string name, string role, KubernetesObject? pod, bool isRegistered, bool isOutdated)
    {
        bool isReady = pod is { IsDeleting: false } && pod.HasCondition("Ready");
        string state = pod switch
        {
            null => "absent",
            { IsDeleting: true } => "stopping",
            _ when PodProblem.Of(pod) is not null => "failing",
            _ when !isReady => "starting",
            _ when !isRegistered => "registering",
            _ when isOutdated => "outdated",
            _ => "ready",
        };
        return new MemberView(group, name, role, isReady, isRegistered, state, AddressOf(pod));
    }

    private static string AddressOf(KubernetesObject? pod)
    {
        if (pod?.Status.Text("podIP") is not { Length: > 0 } address)
        {
            return "";
        }

        foreach (System.Text.Json.JsonElement container in pod.Spec.Items("containers"))
        {
            foreach (System.Text.Json.JsonElement port in container.Items("ports"))
            {
                if (port.Text("name") == "remoting" && port.Int("containerPort") is { } number)
                {
                    return $"{address}:{number}";
                }
            }
        }

        return address;
    }
}
