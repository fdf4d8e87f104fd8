using System.Globalization;
using RocketOps.Testing.Processes;

namespace RocketOps.Testing.Kubernetes;

/// <summary>Starts and stops what the kit in <see cref="SharedKits.Kube"/> makes of a state directory, which the variable <c>STATE</c> names.</summary>
public static class KubeKit
{
    private const int Attempts = 3;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    /// <summary>Starts what the arguments of <c>kube-up.sh</c> ask for.</summary>
    public static Task UpAsync(IReadOnlyList<string> arguments, TimeSpan patience, IReadOnlyDictionary<string, string> variables) =>
        StartAsync(() => arguments, patience, variables);

    /// <summary>Starts an etcd and a kube-apiserver alone. The kit takes the port of the API and the two after it for etcd.</summary>
    public static Task UpApiAsync(IReadOnlyDictionary<string, string> variables) =>
        StartAsync(
            static () => ["--api-only", "--api-port", LoopbackPorts.Find(0, 1, 2).ToString(CultureInfo.InvariantCulture)], Patience, variables);

    public static async Task DownAsync(IReadOnlyDictionary<string, string> variables) =>
        (await ChildProcess.RunAsync(Path.Combine(SharedKits.Kube, "kube-down.sh"), [], Patience, variables)).EnsureSuccess();

    /// <summary>The kit waits for each of its programs for a time of its own, which a disk that writes for others can use up: what was begun is taken down then, and begun again.</summary>
    private static async Task StartAsync(Func<IReadOnlyList<string>> arguments, TimeSpan patience, IReadOnlyDictionary<string, string> variables)
    {
        for (int attempt = 1; ; attempt++)
        {
            ProcessResult result = await ChildProcess.RunAsync(Path.Combine(SharedKits.Kube, "kube-up.sh"), arguments(), patience, variables);
            if (result.ExitCode == 0 || attempt == Attempts)
            {
                result.EnsureSuccess();
                return;
            }

            await DownAsync(variables);
        }
    }
}
