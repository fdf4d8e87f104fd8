namespace RocketOps.Interop.Tests.Messages;

/// <summary>What one kind of server shows otherwise, and why.</summary>
/// <param name="Server"><see cref="Testing.Servers.ServerUnderTest.Name"/> of the servers.</param>
/// <param name="Reason">For the reader of the table.</param>
/// <param name="Changes">On top of the way's own, in the language of <see cref="ExpectedMessage"/>.</param>
internal sealed record MessageDifference(string Server, string Reason, string Changes);
