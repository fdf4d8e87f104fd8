using RocketOps.Cli.Output;

namespace RocketOps.Cli.Up;

/// <summary>Commands to try once everything runs.</summary>
internal static class NextSteps
{
    /// <param name="output">Where it goes.</param>
    /// <param name="state">What runs.</param>
    /// <param name="kubeconfig">The kubeconfig in the data folder.</param>
    /// <param name="elapsed">Since the start.</param>
    /// <param name="isEnding">Whether all of it stops after this: then it is to be started again, and says the rest itself.</param>
    /// <param name="found">The name servers that a command takes which is given none; null where it would have to be told.</param>
    public static async Task WriteAsync(TextWriter output, UpState state, string kubeconfig, TimeSpan elapsed, bool isEnding, string? found)
    {
        await output.WriteLineAsync();
        if (state.Demo is { } demo)
        {
            string verdict = demo.Succeeded ? "Demo succeeded" : "Demo FAILED";
            await output.WriteLineAsync(
                $"{verdict}: {demo.Sent} sent, {demo.ReceivedByFirst + demo.ReceivedBySecond} received exactly once "
                + $"(member 1: {demo.ReceivedByFirst}, member 2: {demo.ReceivedBySecond}), {demo.Duplicates} duplicates, {demo.Missing} missing, {elapsed.TotalSeconds:0.0} s after the start.");
        }

        await output.WriteLineAsync(isEnding ? "Try next: start it again and leave it running." : "Try next, in another terminal:");
        foreach (string command in isEnding ? [$"{ShellWord.Quote(Program())} up --data {ShellWord.Quote(Path.GetDirectoryName(kubeconfig)!)}"] : Commands(state, kubeconfig, found))
        {
            await output.WriteLineAsync("  " + command);
        }

        await output.FlushAsync();
    }

    private static IEnumerable<string> Commands(UpState state, string kubeconfig, string? found)
    {
        yield return $"export KUBECONFIG={ShellWord.Quote(kubeconfig)}";
        yield return "kubectl get rocketops,pods -o wide";
        if (state.Clusters.Count == 0)
        {
            yield break;
        }

        ClusterView first = state.Clusters[0];
        string program = ShellWord.Quote(Program());
        yield return $"kubectl logs -f {(first.Members.Count > 0 ? first.Members[0].Name : "POD")}";
        foreach (ClusterView each in state.Clusters)
        {
            yield return $"{program} cluster status{Servers(each, found)}{(state.Clusters.Count > 1 ? $"        # {each.Key}" : "")}";
        }

        yield return $"{program} topic list{Servers(first, found)}";
    }

    /// <summary>Nothing where a command finds this very cluster by itself: another one may run, and <c>NAMESRV_ADDR</c> or a context may lead elsewhere.</summary>
    private static string Servers(ClusterView cluster, string? found) => cluster.Address == found ? "" : $" -n {ShellWord.Quote(cluster.Address)}";

    /// <summary>Returns this program as it can be typed: the name when the search path leads to it, else its file.</summary>
    private static string Program()
    {
        string own = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "rocketops"));
        string? found = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .Select(folder => Path.Combine(folder, "rocketops"))
            .FirstOrDefault(File.Exists);
        return found is not null && (File.ResolveLinkTarget(found, returnFinalTarget: true)?.FullName ?? Path.GetFullPath(found)) == own ? "rocketops" : own;
    }
}
