using RocketOps.Interop.Tests.Fixtures;
using RocketOps.Interop.Tests.Messages;

namespace RocketOps.Interop.Tests.Apache5;

[Collection(Apache5Collection.Name)]
public sealed class MessageWaysTestsOnApache5(Apache5Fixture fixture) : MessageWaysTests(fixture);
