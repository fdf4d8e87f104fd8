namespace RocketOps.Cli.Up;

/// <summary>What to try once everything runs.</summary>
internal static class NextSteps
{
    /// <param name="output">Where it goes.</param>
    /// <param name="state">What runs.</param>
    /// <param name="kubeconfig">The kubeconfig in the data folder.</param>
    /// <param name="elapsed">Since the start.</param>
    /// <param name="isEnding">Whether all of it stops after this: then it is to be started again first.</param>
    public static async Task WriteAsync(TextWriter output, UpState state, string kubeconfig, TimeSpan elapsed, bool isEnding)
    {
        await output.WriteLineAsync();
        if (state.Demo is { } demo)
        {
            string verdict = demo.Succeeded ? "Demo succeeded" : "Demo FAILED";
            await output.WriteLineAsync(
                $"{verdict}: {demo.Sent} sent, {demo.ReceivedByFirst + demo.ReceivedBySecond} received exactly once "
                + $"(member 1: {demo.ReceivedByFirst}, member 2: {demo.ReceivedBySecond}), {demo.Duplicates} duplicates, {demo.Missing} missing, {elapsed.TotalSeconds:0.0} s after the start.");
        }

        if (isEnding)
        {
            await output.WriteLineAsync("Try next: start it again and leave it running,");
            await output.WriteLineAsync($"  {ShellWord.Quote(Program())} up --data {ShellWord.Quote(Path.GetDirectoryName(kubeconfig)!)}");
            await output.WriteLineAsync("and in another terminal:");
        }
        else
        {
            await output.WriteLineAsync("Try next, in another terminal:");
        }

        await output.WriteLineAsync($"  export KUBECONFIG={ShellWord.Quote(kubeconfig)}");
        await output.WriteLineAsync("  kubectl get rocketops,pods -o wide");
        if (state.Clusters.Count > 0)
        {
            ClusterView cluster = state.Clusters[0];
            await output.WriteLineAsync($"  kubectl logs -f {(cluster.Members.Count > 0 ? cluster.Members[0].Name : "POD")}");
            await output.WriteLineAsync($"  {ShellWord.Quote(Program())} topic list{(state.Clusters.Count > 1 ? $" -n {cluster.Address}" : "")}");
            foreach (ClusterView each in state.Clusters)
            {
                await output.WriteLineAsync($"  mqadmin clusterList -n {each.Address}{(state.Clusters.Count > 1 ? $"        # {each.Key}" : "")}");
            }
        }

        await output.FlushAsync();
    }

    /// <summary>As it can be typed: the name when the search path leads to this program, else its file.</summary>
    private static string Program()
    {
        string own = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "rocketops"));
        string? found = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .Select(folder => Path.Combine(folder, "rocketops"))
            .FirstOrDefault(File.Exists);
        return found is not null && (File.ResolveLinkTarget(found, returnFinalTarget: true)?.FullName ?? Path.GetFullPath(found)) == own ? "rocketops" : own;
    }
}
