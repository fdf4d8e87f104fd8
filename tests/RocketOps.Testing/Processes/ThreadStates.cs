namespace RocketOps.Testing.Processes;

/// <summary>What the kernel says that the threads of a process do. Source: proc(5), <c>/proc/[pid]/task/[tid]/stat</c>.</summary>
internal static class ThreadStates
{
    public const char Stopped = 'T';

    /// <summary>One letter for each thread that is there.</summary>
    public static IEnumerable<char> Of(int processId)
    {
        foreach (string thread in Directory.EnumerateDirectories($"/proc/{processId}/task"))
        {
            string stat;
            try
            {
                stat = File.ReadAllText(Path.Combine(thread, "stat"));
            }
            catch (IOException)
            {
                // It has ended meanwhile.
                continue;
            }

            // The name before it is in parentheses, and may have some of its own.
            yield return stat[stat.LastIndexOf(')') + 2];
        }
    }
}
