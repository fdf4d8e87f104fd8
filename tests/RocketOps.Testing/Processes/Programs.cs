namespace RocketOps.Testing.Processes;

/// <summary>Our programs as a user runs them. They lie beside the tests, whose projects refer to theirs; <c>ROCKETOPS_PROGRAMS</c> names a folder with others, such as those that were compiled natively for the images.</summary>
public static class Programs
{
    /// <summary>Environment variable: the folder that has them.</summary>
    public const string Variable = "ROCKETOPS_PROGRAMS";

    public static string RocketOps => Find("rocketops");

    public static string Broker => Find("RocketOps.Broker");

    public static string NameServer => Find("RocketOps.NameServer");

    private static string Find(string name)
    {
        string folder = Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } other ? other : AppContext.BaseDirectory;
        string path = Path.Combine(folder, name);
        return File.Exists(path) ? path : throw new InvalidOperationException($"{path} is missing: {(folder == AppContext.BaseDirectory ? $"the test project must reference {name}" : $"{Variable} names a folder without it")}");
    }
}
