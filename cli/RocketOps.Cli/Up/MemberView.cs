namespace RocketOps.Cli.Up;

/// <summary>What the table shows of one broker.</summary>
internal sealed record MemberView(string Group, string Name, string Role, bool IsReady, bool IsRegistered);
