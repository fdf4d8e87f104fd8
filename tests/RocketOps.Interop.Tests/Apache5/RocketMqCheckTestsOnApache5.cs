using RocketOps.Interop.Tests.Fixtures;
using Xunit.Abstractions;

namespace RocketOps.Interop.Tests.Apache5;

[Collection(Apache5Collection.Name)]
public sealed class RocketMqCheckTestsOnApache5(Apache5Fixture fixture, ITestOutputHelper output) : RocketMqCheckTests(fixture, output);
