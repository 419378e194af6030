import { roles } from 'roles.bicep'

@description('An account with a custom subdomain, in the resource group that this module is deployed to.')
param name string
@description('Principal that may call its models.')
param userId string

resource account 'Microsoft.CognitiveServices/accounts@2025-12-01' existing = {
  name: name
}

resource user 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(account.id, userId, roles.cognitiveServicesOpenAiUser)
  scope: account
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.cognitiveServicesOpenAiUser)
    principalId: userId
    principalType: 'ServicePrincipal'
  }
}

output endpoint string = account.properties.endpoint
